import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyUseRow, KeyUses } from '#contracts';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';
import { KeyUseCollector } from './key-use-collector.js';
import { KeyUseStore } from './key-use-store.js';

let t: TestApi;
let user: SignedUp;
let key: string;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  key = (await user.call('POST', `/v1/apps/${user.appId}/keys`)).body.id;
});
afterAll(() => t.stop());

const NOW = Date.UTC(2026, 0);
const row = (rest: Partial<KeyUseRow> = {}): KeyUseRow => ({
  ...{ app: user.appId, key, via: 'key', address: '192.0.2.1', agent: 'node', client: null },
  ...{ firstAt: NOW, lastAt: NOW },
  ...rest,
});
const use = async () => (await user.call('GET', `/v1/apps/${user.appId}/keys/${key}/use`)).body;

describe('who uses a key', () => {
  test('nobody, as long as nobody did', async () => {
    expect(await use()).toEqual({ lastUsedAt: null, callers: [] });
    const { body } = await user.call('GET', `/v1/apps/${user.appId}/keys`);
    expect(body.data[0]).toMatchObject({ id: key, lastUsedAt: null });
  });

  test('what delivery tells is kept, and asked for from there on; told twice it is the same', async () => {
    const collector = t.api.app.get(KeyUseCollector);
    const asked: unknown[] = [];
    const rows = [
      row(),
      row({ agent: 'curl', lastAt: NOW + 60_000 }),
      row({ via: 'token', client: 'anna', agent: 'browser', lastAt: NOW + 30_000 }),
      row({ key: 'none00000000' }),
      row({ app: 'app_other' }),
    ];
    t.delivery.answer = ({ body }) => {
      asked.push(body);
      return { status: 200, body: { asOf: NOW + 90_000, rows } satisfies KeyUses };
    };
    await collector.round();
    await collector.round();
    expect(asked).toEqual([{ since: 0 }, { since: NOW + 90_000 }]);
    expect(await use()).toMatchObject({
      lastUsedAt: new Date(NOW + 60_000).toISOString(),
      callers: [
        { via: 'key', userAgent: 'curl', address: '192.0.2.1' },
        { via: 'token', clientId: 'anna' },
        { via: 'key', userAgent: 'node' },
      ],
    });
    const { body } = await user.call('GET', `/v1/apps/${user.appId}/keys`);
    expect(body.data[0].lastUsedAt).toBe(new Date(NOW + 60_000).toISOString());
  });

  test('a later use moves the last time and leaves the first; an older one changes nothing', async () => {
    const store = t.api.app.get(KeyUseStore);
    const later = NOW + 120_000;
    await store.put([row({ firstAt: later, lastAt: later })]);
    await store.put([row({ firstAt: NOW + 5, lastAt: NOW + 5 })]);
    const [first] = (await use()).callers;
    expect(first).toMatchObject({
      firstSeenAt: new Date(NOW).toISOString(),
      lastSeenAt: new Date(later).toISOString(),
    });
  });

  test('the control plane’s own callers are seen too', async () => {
    const admin = await user.call('POST', `/v1/apps/${user.appId}/keys`, {
      body: { capabilities: { '*': ['admin'] } },
    });
    const script = t.withKey(admin.body.key);
    await script('GET', '/v1/apps', { headers: { 'user-agent': 'terraform' } });
    const callers = await t.eventually(async () => {
      const path = `/v1/apps/${user.appId}/keys/${admin.body.id}/use`;
      const { body } = await user.call('GET', path);
      if (body.callers.length === 0) throw new Error('not yet');
      return body.callers;
    });
    expect(callers).toMatchObject([{ userAgent: 'terraform', via: 'key' }]);
  });

  test('is forgotten after 90 days, and beyond 50 callers the oldest', async () => {
    const store = t.api.app.get(KeyUseStore);
    await store.put(
      Array.from({ length: 60 }, (_one, n) => row({ agent: `a${n}`, lastAt: NOW + 200_000 + n })),
    );
    await store.sweep(NOW + 300_000);
    const { callers } = await use();
    expect(callers).toHaveLength(50);
    expect(callers[0].userAgent).toBe('a59');
    await store.sweep(NOW + 91 * 86_400_000);
    expect((await use()).callers).toEqual([]);
  });
});
