import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { TraceAnswer } from '#contracts';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterEach(() => {
  t.delivery.answer = null;
});
afterAll(() => t.stop());

const AT = '2026-01-01T00:00:00.000Z';
const on = { channel: 'room:1', since: AT, until: AT };
const told: TraceAnswer = {
  channel: 'room:1',
  message: {
    ...{ id: 'a', position: 42, previous: 41, storedAt: AT, bytes: 17 },
    ...{ name: null, clientId: null, keyId: 'key1' },
  },
  trace: { since: AT, until: AT, complete: true },
  receivers: [
    {
      ...{ kind: 'hold', transport: 'http', clientId: 'ann', keyId: 'key1', node: 'node-1' },
      ...{ group: null, attempt: null, at: AT, outcome: 'confirmed', outcomeAt: AT },
    },
  ],
  because: 'These are all.',
};
const path = (channel: string, rest = 'messages/42/trace') =>
  `/v1/apps/${user.appId}/channels/${encodeURIComponent(channel)}/${rest}`;

describe('a trace', () => {
  test.each(['room:1', 'a/b?c#d%', 'ü'.repeat(127), '42'])(
    'is switched on and shown for the channel of the path, whatever its name: %j',
    async (channel) => {
      const asked: unknown[] = [];
      t.delivery.answer = ({ method = 'GET', url, body }) => {
        const { pathname, searchParams } = new URL(url);
        asked.push([method, pathname, body ?? Object.fromEntries(searchParams)]);
        return { status: 200, body: method === 'POST' ? on : told };
      };
      const begun = await user.call('POST', path(channel, 'trace'));
      expect([begun.status, begun.body]).toEqual([200, on]);
      const shown = await user.call('GET', path(channel));
      expect([shown.status, shown.body]).toEqual([200, told]);
      expect(asked).toEqual([
        ['POST', '/internal/trace', { app: user.appId, channel }],
        ['GET', '/internal/trace', { app: user.appId, channel, position: '42' }],
      ]);
    },
  );

  test('of a message that is not kept, and of what can be none, there is none', async () => {
    t.delivery.answer = () => ({ status: 200, body: { ...told, message: null } });
    for (const url of [
      path('room:1'),
      path('room:1', 'messages/0/trace'),
      path('room:1', 'messages/-1/trace'),
      path('room:1', 'messages/4.5/trace'),
      path('a\u0001b'),
      path('ü'.repeat(128)),
    ]) {
      const answer = await user.call('GET', url);
      expect([url, answer.status, answer.body.code]).toEqual([url, 404, 'not_found']);
    }
  });

  test('while delivery is away the answer is 503', async () => {
    expect((await user.call('POST', path('room:1', 'trace'))).status).toBe(503);
    expect((await user.call('GET', path('room:1'))).status).toBe(503);
  });

  test('P5: of another tenant’s app delivery is not even asked', async () => {
    const other = await t.signUp();
    t.delivery.answer = () => {
      throw new Error('it was asked');
    };
    expect((await other.call('POST', path('room:1', 'trace'))).status).toBe(404);
    expect((await other.call('GET', path('room:1'))).status).toBe(404);
  });
});
