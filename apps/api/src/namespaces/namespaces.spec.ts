import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
let path: string;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
  path = `/v1/apps/${user.appId}/namespaces`;
});
afterAll(() => t.stop());

const DEFAULTS = {
  retentionSeconds: 86_400,
  retentionMessages: null,
  persistence: true,
  presence: true,
  maxMessageBytes: 65_536,
  publishers: 'anyone',
};

describe('namespaces', () => {
  test('POST sets rules where there are none, with defaults for what is left out, and refuses to do it twice', async () => {
    const made = await user.call('POST', path, { body: { name: 'room', retentionSeconds: 3600 } });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...DEFAULTS,
      name: 'room',
      retentionSeconds: 3600,
      createdAt: made.body.createdAt,
    });
    const again = await user.call('POST', path, { body: { name: 'room' } });
    expect(again.status).toBe(409);
    expect((await user.call('GET', `${path}/room`)).body).toEqual(made.body);
  });

  test('PUT sets all rules, PATCH only those it names', async () => {
    const put = await user.call('PUT', `${path}/stock`, {
      body: { publishers: 'keys', presence: false },
    });
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({ ...DEFAULTS, publishers: 'keys', presence: false });
    const patched = await user.call('PATCH', `${path}/stock`, { body: { retentionMessages: 100 } });
    expect(patched.body).toMatchObject({
      publishers: 'keys',
      presence: false,
      retentionMessages: 100,
    });
    const reset = await user.call('PUT', `${path}/stock`, { body: {} });
    expect(reset.body).toMatchObject(DEFAULTS);
  });

  test('DELETE removes the rules; setting them again begins anew', async () => {
    await user.call('PUT', `${path}/gone`, { body: { presence: false } });
    expect((await user.call('DELETE', `${path}/gone`)).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect((await user.call(method, `${path}/gone`)).status).toBe(404);
    expect((await user.call('PATCH', `${path}/gone`, { body: { presence: true } })).status).toBe(
      404,
    );
    const list = await user.call('GET', path);
    expect(list.body.data.map((item: { name: string }) => item.name)).not.toContain('gone');
    const again = await user.call('POST', path, { body: { name: 'gone' } });
    expect(again.status).toBe(201);
    expect(again.body.presence).toBe(true);
  });

  test('names may be of any script, and survive a path', async () => {
    for (const name of ['комната', 'a/b', 'a b', '100%', '7']) {
      const url = `${path}/${encodeURIComponent(name)}`;
      expect((await user.call('PUT', url, { body: {} })).body.name).toBe(name);
      expect((await user.call('GET', url)).status).toBe(200);
    }
  });

  test('the list goes by name, in pages', async () => {
    const { call, appId } = await t.signUp();
    const url = `/v1/apps/${appId}/namespaces`;
    for (const name of ['c', 'a', 'b']) await call('PUT', `${url}/${name}`, { body: {} });
    const first = await call('GET', `${url}?limit=2`);
    expect(first.body).toMatchObject({ hasMore: true, data: [{ name: 'a' }, { name: 'b' }] });
    const second = await call('GET', `${url}?limit=2&after=b`);
    expect(second.body).toMatchObject({ hasMore: false, data: [{ name: 'c' }] });
  });

  test.each([
    [{ name: 'a:b' }, '/name'],
    [{ name: '' }, '/name'],
    [{ name: '*' }, '/name'],
    [{ name: '..' }, '/name'],
    [{ name: 'x'.repeat(65) }, '/name'],
    [{ name: 'a\u0000' }, '/name'],
    [{ name: 'x', retentionSeconds: 0 }, '/retentionSeconds'],
    [{ name: 'x', maxMessageBytes: 1024 * 1024 + 1 }, '/maxMessageBytes'],
    [{ name: 'x', publishers: 'nobody' }, '/publishers'],
    [{ name: 'x', deleted: true }, ''],
  ])('refuses %j and says where the fault is', async (body, pointer) => {
    const answer = await user.call('POST', path, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  test('PATCH without a rule is refused', async () => {
    await user.call('PUT', `${path}/some`, { body: {} });
    expect((await user.call('PATCH', `${path}/some`, { body: {} })).status).toBe(400);
  });
});
