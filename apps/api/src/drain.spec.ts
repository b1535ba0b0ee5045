import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './testing/test-api.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

test('draining answers what is held, refuses what is new as `draining`, and says so at /readyz', async () => {
  const delivery = t.withKey(t.secrets.derive('internal').toString('hex'));
  const { version } = (await delivery('GET', '/internal/v1/config?since=0&wait=20')).body;
  const held = delivery('GET', `/internal/v1/config?since=${version}&wait=25`);
  // Once this is answered the one before has long begun to be held.
  await delivery('GET', `/internal/v1/config?since=0&wait=0`);
  const drained = t.api.drain();
  const refused = t.nobody('GET', '/v1/apps');
  const ready = t.nobody('GET', '/readyz');
  expect((await held).body).toMatchObject({ version, full: false });
  expect((await refused).body).toMatchObject({ code: 'draining', status: 503 });
  expect((await ready).body.status).toBe('draining');
  await drained;
});
