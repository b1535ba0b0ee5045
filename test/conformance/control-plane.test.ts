import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ControlPlane, cookieOf, type CreatedKey } from '../support/control-plane.js';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Protocol, "Control plane": sign-up, login, apps, keys, namespaces, as a newcomer uses them. */
const site = useHoldline();
const api = (path: string) => site.holdline.apiUrl + path;
let tenant: ControlPlane;
let app: string;

beforeAll(async () => {
  tenant = await ControlPlane.signUp(site.holdline.apiUrl, 'Newcomer');
  app = await tenant.createApp('shop');
});

describe('signing up and in', () => {
  test('a sign-up makes a tenant with a first app, and signs in by an HttpOnly cookie', async () => {
    const email = `${randomUUID()}@Example.com`;
    const reply = await ask(api('/v1/signup'), {
      json: { email, password: 'correct horse', tenantName: 'Acme' },
    });
    succeeded(reply, 201);
    expect(reply.json).toMatchObject({
      user: { email: email.toLowerCase() },
      tenant: { name: 'Acme' },
      role: 'owner',
    });
    expect(reply.text).not.toMatch(/correct horse|argon2/);
    const [cookie] = reply.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; *HttpOnly/i);
    expect(cookie).toMatch(/; *SameSite=Lax/i);
    expect(cookie).toMatch(/; *Path=\//i);
    const apps = await ask(api('/v1/apps'), { headers: { cookie: cookieOf(reply) } });
    succeeded(apps, 200);
    expect((apps.json as { data: unknown[] }).data).toHaveLength(1);
  });

  test('an address that is taken is 409, in whatever case', async () => {
    const json = { email: tenant.email.toUpperCase(), password: 'another password' };
    refused(await ask(api('/v1/signup'), { json }), 409, 'conflict');
  });

  test.each([
    [{ email: 'no address', password: 'long enough 1' }],
    [{ email: 'a@example.com', password: 'short' }],
    [{ email: 'a@example.com' }],
    [{ email: 'a@example.com', password: 'long enough 1', role: 'operator' }],
    [{ email: 'a@example.com', password: 'long enough 1', tenantName: 'a\u0000b' }],
    [[]],
  ])('%j is refused with the place of the fault', async (json) => {
    const problem = refused(await ask(api('/v1/signup'), { json }), 400, 'invalid_request');
    expect(problem.detail.length).toBeGreaterThan(10);
  });

  test('a login works with the right password; a wrong one and an unknown address look the same', async () => {
    await ControlPlane.logIn(site.holdline.apiUrl, tenant.email, tenant.password);
    const wrong = await ask(api('/v1/login'), {
      json: { email: tenant.email, password: 'wrong password' },
    });
    const unknown = await ask(api('/v1/login'), {
      json: { email: `${randomUUID()}@example.com`, password: 'wrong password' },
    });
    const [a, b] = [wrong, unknown].map((reply) => {
      refused(reply, 401, 'unauthenticated');
      expect(reply.headers['set-cookie']).toBeUndefined();
      return reply.text.replace(/"requestId":"[^"]+"/, '');
    });
    expect(a).toBe(b);
  });

  test('P8: guessing passwords runs into 429 with the limit’s facts and Retry-After', async () => {
    const victim = await ControlPlane.signUp(site.holdline.apiUrl);
    const refusal = await eventually('guessing is stopped', 30_000, async () => {
      const reply = await ask(api('/v1/login'), {
        json: { email: victim.email, password: 'guess' },
      });
      return reply.status === 429 && reply;
    });
    const { limit } = refused(refusal, 429, 'rate_limited');
    expect(limit).toMatchObject({ max: expect.any(Number), used: expect.any(Number) });
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  test('a logout ends the session at once', async () => {
    const someone = await ControlPlane.signUp(site.holdline.apiUrl);
    succeeded(await someone.ask('/v1/me'), 200);
    succeeded(await someone.ask('/v1/logout', { method: 'POST' }), 204);
    refused(await someone.ask('/v1/me'), 401, 'unauthenticated');
  });

  test('a page of another origin cannot use the cookie to write', async () => {
    const forged: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of forged) {
      const reply = await ask(api('/v1/apps'), {
        json: { name: 'forged' },
        headers: { cookie: tenant.cookie, ...headers },
      });
      refused(reply, 403, 'forbidden');
    }
    expect((await tenant.list<{ name: string }>('/v1/apps')).map((one) => one.name)).not.toContain(
      'forged',
    );
  });

  test('the cookie alone serves a script that is no browser', async () => {
    const { cookie } = await ControlPlane.signUp(site.holdline.apiUrl);
    succeeded(await ask(api('/v1/apps'), { json: { name: 'by curl' }, headers: { cookie } }), 201);
  });
});

describe('apps', () => {
  test('are made, shown, listed, changed and revoked', async () => {
    const id = await tenant.createApp('temporary', { allowedOrigins: ['https://a.example'] });
    expect((await tenant.ask(`/v1/apps/${id}`)).json).toMatchObject({
      id,
      name: 'temporary',
      allowedOrigins: ['https://a.example'],
    });
    succeeded(
      await tenant.ask(`/v1/apps/${id}`, { method: 'PATCH', json: { name: 'renamed' } }),
      200,
    );
    expect(
      (await tenant.list<{ id: string; name: string }>('/v1/apps')).find((one) => one.id === id)
        ?.name,
    ).toBe('renamed');
    succeeded(await tenant.ask(`/v1/apps/${id}`, { method: 'DELETE' }), 204);
    refused(await tenant.ask(`/v1/apps/${id}`), 404, 'not_found');
  });

  test.each([
    {},
    { name: '' },
    { name: 'x', extra: 1 },
    { name: 'x', allowedOrigins: ['a.example'] },
    { name: 'x', allowedOrigins: ['https://a.example/path'] },
  ])('%j is refused', async (json) => {
    refused(await tenant.ask('/v1/apps', { json }), 400, 'invalid_request');
  });

  test('lists come in pages that lose and repeat nothing', async () => {
    const many = await ControlPlane.signUp(site.holdline.apiUrl);
    for (let n = 0; n < 5; n++) await many.createApp(`app ${n}`);
    const all = (await many.list<{ id: string }>('/v1/apps')).map((one) => one.id);
    const paged: string[] = [];
    for (let more = true, after = ''; more;) {
      const reply = await many.ask(`/v1/apps?limit=2${after && `&after=${after}`}`);
      succeeded(reply, 200);
      const page = reply.json as { data: { id: string }[]; hasMore: boolean };
      paged.push(...page.data.map((one) => one.id));
      [more, after] = [page.hasMore, page.data.at(-1)?.id ?? ''];
    }
    expect(paged).toEqual(all);
  });
});

describe('keys', () => {
  test('are shown once, with their signing secret; no list or page shows them again', async () => {
    const made = await tenant.createKey(app, { name: 'server', mode: 'test' });
    expect(made).toMatchObject({
      key: expect.stringMatching(/^hl_test_[0-9A-Za-z]{12}_/),
      signingSecret: expect.stringMatching(/.{20}/),
    });
    const list = await tenant.ask(`/v1/apps/${app}/keys`);
    expect(list.text).toContain(made.id);
    expect(list.text).not.toContain(made.signingSecret);
    expect(list.text).not.toContain(made.key.split('_')[3]);
  });

  test('have the capabilities that they were made with', async () => {
    const { key } = await tenant.createKey(app, { capabilities: { 'in:*': ['publish'] } });
    const client = await site.client.as(key).known();
    refused(await client.tryPublish('out:1', { data: 1 }), 403, 'forbidden');
    refused(await client.ask(channelPath('in:1', { wait: 0 })), 403, 'forbidden');
    for (const capabilities of [{ 'a*': ['publish'] }, { a: ['fly'] }, { a: 'publish' }, []]) {
      refused(
        await tenant.ask(`/v1/apps/${app}/keys`, { json: { capabilities } }),
        400,
        'invalid_request',
      );
    }
  });

  test('rotate with a grace: both work, the old one is marked; a second rotation of it is refused or harmless', async () => {
    const old = await tenant.createKey(app, { name: 'r', capabilities: { 'r:*': ['publish'] } });
    const next = await tenant.create<CreatedKey & { replaces: string; capabilities: unknown }>(
      `/v1/apps/${app}/keys/${old.id}/rotate`,
      { graceSeconds: 600 },
    );
    expect(next).toMatchObject({ replaces: old.id, capabilities: { 'r:*': ['publish'] } });
    expect(next.key).not.toBe(old.key);
    for (const { key } of [old, next]) {
      const client = await site.client.as(key).known();
      expect((await client.publish('r:1', { data: 1 })).messages).toHaveLength(1);
    }
    const listed = await tenant.list<{ id: string; expiresAt: string | null }>(
      `/v1/apps/${app}/keys`,
    );
    const ends = Date.parse(listed.find((one) => one.id === old.id)?.expiresAt ?? '');
    expect(Math.abs(ends - Date.now() - 600_000)).toBeLessThan(20_000);
    refused(
      await tenant.ask(`/v1/apps/${app}/keys/${old.id}/rotate`, { json: { graceSeconds: -1 } }),
      400,
      'invalid_request',
    );
  });

  test('revoked ones stay in the list as revoked; revoking is repeatable or says 404', async () => {
    const { id } = await tenant.createKey(app);
    succeeded(await tenant.ask(`/v1/apps/${app}/keys/${id}`, { method: 'DELETE' }), 204);
    const listed = await tenant.list<{ id: string; status: string }>(
      `/v1/apps/${app}/keys?limit=100`,
    );
    expect(listed.find((one) => one.id === id)?.status).toBe('revoked');
    expect([204, 404]).toContain(
      (await tenant.ask(`/v1/apps/${app}/keys/${id}`, { method: 'DELETE' })).status,
    );
    refused(
      await tenant.ask(`/v1/apps/${app}/keys/doesNotExist`, { method: 'DELETE' }),
      404,
      'not_found',
    );
  });

  test('one with `admin` serves for scripts; one without, a token and a key in the URL do not', async () => {
    const admin = await tenant.createKey(app, { capabilities: { '*': ['*', 'admin'] } });
    const plain = await tenant.createKey(app);
    const list = (key: string) => ask(api(`/v1/apps/${app}/keys`), { key });
    succeeded(await list(admin.key), 200);
    succeeded(
      await ask(api(`/v1/apps/${app}/keys`), { key: admin.key, json: { name: 'by script' } }),
      201,
    );
    refused(await list(plain.key), 403, 'forbidden');
    const client = await site.client.as(admin.key).known();
    const token = await client.token({});
    refused(await list(token), 403, 'forbidden');
    refused(await ask(api(`/v1/apps?key=${admin.key}`)), 400, 'key_in_url');
    refused(await list('hl_live_nonsense'), 401, 'unauthenticated');
  });
});

describe('namespaces', () => {
  test('are made, put, changed, listed and removed; what is left out has its default', async () => {
    const path = `/v1/apps/${app}/namespaces`;
    const made = await tenant.create(path, { name: 'chat', retentionMessages: 50 });
    expect(made).toMatchObject({
      name: 'chat',
      retentionSeconds: 86_400,
      retentionMessages: 50,
      persistence: true,
      presence: true,
      maxMessageBytes: 65_536,
      publishers: 'anyone',
    });
    refused(await tenant.ask(path, { json: { name: 'chat' } }), 409, 'conflict');
    const patched = await tenant.ask(`${path}/chat`, {
      method: 'PATCH',
      json: { retentionSeconds: 3600 },
    });
    expect(patched.json).toMatchObject({ retentionSeconds: 3600, retentionMessages: 50 });
    const put = await tenant.ask(`${path}/chat`, {
      method: 'PUT',
      json: { retentionSeconds: 120 },
    });
    expect(put.json).toMatchObject({ retentionSeconds: 120, retentionMessages: null });
    expect((await tenant.list<{ name: string }>(path)).map((one) => one.name)).toEqual(['chat']);
    succeeded(await tenant.ask(`${path}/chat`, { method: 'DELETE' }), 204);
    refused(await tenant.ask(`${path}/chat`), 404, 'not_found');
  });

  test.each([
    { name: 'a:b' },
    { name: '*' },
    { name: '' },
    { name: 'x', retentionSeconds: 1 },
    { name: 'x', maxMessageBytes: 99_999_999 },
    { name: 'x', publishers: 'nobody' },
  ])('%j is refused', async (json) => {
    refused(await tenant.ask(`/v1/apps/${app}/namespaces`, { json }), 400, 'invalid_request');
  });
});

test('every answer of the control plane forbids caching, sniffing and framing', async () => {
  for (const path of ['/', '/v1/me', '/v1/nothing', '/healthz']) {
    const { headers } = await tenant.ask(path);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toMatch(/default-src/);
    if (path.startsWith('/v1')) expect(headers['cache-control']).toMatch(/no-store/);
  }
});
