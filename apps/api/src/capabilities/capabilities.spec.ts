import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let path: string;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  path = `/v1/apps/${user.appId}/can`;
});
afterEach(() => {
  t.delivery.answer = null;
});
afterAll(() => t.stop());

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl';
const what = { channel: 'room:1', operation: 'publish' };

describe('trying out capabilities', () => {
  test('asks delivery about this app, and tells what it says', async () => {
    const asked: unknown[] = [];
    const said = { allowed: false, because: 'It may not.' };
    t.delivery.answer = ({ url, body }) => {
      asked.push([new URL(url).pathname, body]);
      return { status: 200, body: said };
    };
    const made = await user.call('POST', `/v1/apps/${user.appId}/keys`, { body: {} });
    const credentials = [{ keyId: made.body.id, clientId: 'ann' }, { token: TOKEN }];
    for (const credential of credentials) {
      const answer = await user.call('POST', path, { body: { ...what, ...credential } });
      expect([answer.status, answer.body]).toEqual([200, said]);
    }
    expect(asked).toEqual(
      credentials.map((credential) => [
        '/internal/can',
        { app: user.appId, ask: { ...what, ...credential } },
      ]),
    );
  });

  test.each([
    ['no credential', {}],
    ['two', { keyId: 'a', capabilities: {} }],
    ['an API key in place of a token', { token: 'hl_live_abc_def' }],
    ['a client beside a token', { token: TOKEN, clientId: 'ann' }],
    ['an operation that there is not', { capabilities: {}, operation: 'fly' }],
    ['no channel', { capabilities: {}, channel: '' }],
  ])('takes one question that can be answered: %s is refused', async (_what, wrong) => {
    const answer = await user.call('POST', path, { body: { ...what, ...wrong } });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  });

  test('while delivery is away the answer is 503, and no token is in the log', async () => {
    const answer = await user.call('POST', path, { body: { ...what, token: TOKEN } });
    expect(answer.status).toBe(503);
    expect(t.log()).not.toContain(TOKEN);
  });

  test('P5: of another tenant’s app or key delivery is not even asked', async () => {
    const other = await t.signUp();
    const { body: key } = await user.call('POST', `/v1/apps/${user.appId}/keys`, { body: {} });
    t.delivery.answer = () => {
      throw new Error('it was asked');
    };
    const body = { ...what, keyId: key.id };
    const own = `/v1/apps/${other.appId}/can`;
    expect((await other.call('POST', path, { body })).status).toBe(404);
    const stolen = await other.call('POST', own, { body });
    const absent = await other.call('POST', own, { body: { ...what, keyId: '000000000000' } });
    expect([stolen.status, stolen.body.detail]).toEqual([404, absent.body.detail]);
  });
});
