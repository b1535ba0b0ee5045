import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Passwords } from '../accounts/passwords.js';
import { KeysService } from '../keys/keys.service.js';
import { Settings } from '../settings.js';
import { API_URL, DELIVERY_URL, startTestApi, type TestApi } from '../testing/test-api.js';
import { readDemo } from './demo-file.js';
import { DemoSeed } from './demo-seed.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

const warnings: string[] = [];
const log = { warn: (text: string) => void warnings.push(text) } as never;
const seedAt = (apiUrl: string) =>
  new DemoSeed(
    t.database,
    t.api.app.get(KeysService, { strict: false }),
    new Passwords(),
    new Settings({ apiUrl, deliveryUrl: DELIVERY_URL, dataDir: t.dataDir }),
    log,
  );

describe('demo tenant', () => {
  test('the first start makes one, and demo.json has what it takes to use it, for its owner’s eyes alone', async () => {
    expect(t.demo).toEqual({
      apiUrl: API_URL,
      deliveryUrl: DELIVERY_URL,
      tenantId: expect.stringMatching(/^ten_/),
      appId: expect.stringMatching(/^app_/),
      apiKey: expect.stringMatching(/^hl_live_/),
      email: expect.any(String),
      password: expect.any(String),
      operator: { email: expect.any(String), password: expect.any(String) },
    });
    expect((await stat(join(t.dataDir, 'demo.json'))).mode & 0o777).toBe(0o600);

    const { email, password, operator, apiKey, tenantId, appId } = t.demo;
    const login = await t.nobody('POST', '/v1/login', { body: { email, password } });
    expect(login.body).toMatchObject({ role: 'owner', tenant: { id: tenantId } });
    expect((await t.nobody('POST', '/v1/operator/login', { body: operator })).status).toBe(200);
    expect((await t.withKey(apiKey)('GET', `/v1/apps/${appId}`)).status).toBe(200);
    for (const secret of [password, operator.password, apiKey])
      expect(t.log()).not.toContain(secret);
  });

  test('later starts keep it and bring the URLs up to date', async () => {
    await seedAt('http://127.0.0.1:4000').run();
    expect(await readDemo(t.dataDir)).toEqual({ ...t.demo, apiUrl: 'http://127.0.0.1:4000' });
    expect((await stat(join(t.dataDir, 'demo.json'))).mode & 0o777).toBe(0o600);
    expect(await t.database.asSystem((tx) => tx.tenant.count())).toBe(1);
  });

  test('without demo.json it says what to do, and makes no second demo tenant', async () => {
    await rm(join(t.dataDir, 'demo.json'));
    await seedAt(API_URL).run();
    expect(warnings.at(-1)).toContain('demo.json is missing');
    expect(await t.database.asSystem((tx) => tx.tenant.count())).toBe(1);
  });
});
