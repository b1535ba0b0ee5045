import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES, LIMIT, LIMITS, PROBLEMS, type RouteSpec } from '#contracts';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { API_URL, startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';
import { ROUTE_ACCESS, ROUTE_SPEC } from './route.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterAll(() => t.stop());

const routes = Object.entries(CONTROL_ROUTES) as [string, RouteSpec][];
const filled = (path: string) => path.replace(/\{\w+\}/g, 'nothing');

describe('every route', () => {
  test.each(routes)(
    '%s is served, and asks for the credential that its spec says',
    async (_name, route) => {
      const bare = await t.nobody(route.method, filled(route.path));
      expect(bare.body?.code).not.toBe('method_not_allowed');
      if (route.auth === 'none') {
        expect([route.success.status, 400]).toContain(bare.status);
      } else {
        expect(bare.status).toBe(401);
        expect(bare.body).toMatchObject({ code: 'unauthenticated', status: 401 });
        expect(bare.headers['www-authenticate']).toBeDefined();
      }
      if (route.auth === 'operator') {
        expect((await user.call(route.method, filled(route.path))).status).toBe(401);
        expect((await t.withKey(t.demo.apiKey)(route.method, filled(route.path))).status).toBe(401);
      }
    },
  );

  test('no controller serves a route that the contract does not name, except the internal feed', () => {
    const specs = new Set<unknown>(Object.values(CONTROL_ROUTES));
    const unnamed: string[] = [];
    let seen = 0;
    const modules = t.api.app.get(ModulesContainer, { strict: false });
    for (const { controllers } of modules.values()) {
      for (const { metatype } of controllers.values()) {
        const prototype = (metatype as { prototype: Record<string, object> }).prototype;
        for (const name of Object.getOwnPropertyNames(prototype)) {
          const handler = prototype[name]!;
          if (
            typeof handler !== 'function' ||
            Reflect.getMetadata(METHOD_METADATA, handler) === undefined
          )
            continue;
          seen++;
          expect(Reflect.getMetadata(ROUTE_ACCESS, handler)).toBeDefined();
          if (!specs.has(Reflect.getMetadata(ROUTE_SPEC, handler)))
            unnamed.push(Reflect.getMetadata(PATH_METADATA, handler));
        }
      }
    }
    expect(seen).toBe(specs.size + 1);
    expect(unnamed).toEqual(['/internal/v1/config']);
  });

  test('the OpenAPI document describes exactly these routes', async () => {
    const { body } = await t.nobody('GET', '/openapi.json');
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      routes.map(([, { method, path }]) => `${method} ${path}`).sort(),
    );
  });
});

describe('refusals', () => {
  test('an unknown path, and a known one with another method', async () => {
    const nowhere = await t.nobody('GET', '/v1/nowhere');
    expect(nowhere.status).toBe(404);
    expect(nowhere.body).toMatchObject({
      code: 'not_found',
      type: `${API_URL}/docs/errors/not_found`,
    });
    const method = await t.nobody('DELETE', '/v1/apps');
    expect(method.status).toBe(405);
    expect(method.body.code).toBe('method_not_allowed');
    expect(method.headers['allow']).toBe('GET, POST');
  });

  test('a trailing slash is another path', async () => {
    expect((await user.call('GET', '/v1/apps/')).status).toBe(404);
  });

  test.each([
    ['JSON that breaks off', '{"name": ', 'invalid_request', 400],
    ['JSON that is not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'invalid_request', 400],
    ['a prototype key', '{"__proto__": {"x": 1}}', 'invalid_request', 400],
    ['no body', '', 'invalid_request', 400],
    ['nesting without end', '['.repeat(2000) + ']'.repeat(2000), 'invalid_request', 400],
    [
      'a body over the limit',
      JSON.stringify({ name: 'x'.repeat(300_000) }),
      'message_too_large',
      413,
    ],
    ['the wrong type', '{"name": 7}', 'invalid_request', 400],
    ['a NUL in a text', '{"name": "a\\u0000b"}', 'invalid_request', 400],
    ['half a surrogate pair', '{"name": "a\\ud800b"}', 'invalid_request', 400],
  ])('a body with %s is a problem document', async (_what, raw, code, status) => {
    const answer = await user.call('POST', '/v1/apps', { raw });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.code).toBe(code);
    expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts/);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'multipart/form-data; boundary=x',
  ])('a body of type %s is no body here', async (type) => {
    const answer = await user.call('POST', '/v1/apps', {
      raw: '{"name":"x"}',
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(415);
    expect(answer.body.code).toBe('unsupported_media_type');
  });

  test.each([
    '/v1/apps?limit=0',
    '/v1/apps?limit=many',
    '/v1/apps?limit=101',
    '/v1/apps?after=app_nobody',
    '/v1/apps?after=%00',
  ])('GET %s is refused as invalid', async (url) => {
    const answer = await user.call('GET', url);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('invalid_request');
  });

  test.each([
    '/v1/apps/%00',
    '/v1/apps/..%2f..',
    `/v1/apps/${'x'.repeat(300)}`,
    '/v1/apps/a%20b/keys',
  ])('a path that can be no id (%s) is answered as an unknown one', async (url) => {
    const answer = await user.call('GET', url);
    expect(answer.status).toBe(404);
    expect(answer.body.code).toBe('not_found');
  });

  test('a path with broken percent signs is a problem document too', async () => {
    const answer = await user.call('GET', '/v1/apps/%zz');
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('invalid_request');
  });

  test('an API key in the URL is refused before anything else, and is not logged', async () => {
    const key = t.demo.apiKey;
    for (const url of [
      `/v1/apps?key=${key}`,
      `/v1/apps/${key}`,
      `/nowhere?x=${key.replace('_', '%5F')}`,
    ]) {
      const answer = await t.nobody('GET', url);
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe('key_in_url');
      expect(answer.text).not.toContain(key);
    }
    expect(t.log()).not.toContain(key);
  });
});

describe('credentials', () => {
  test('a key serves as Bearer and as the user name of Basic', async () => {
    const basic = `Basic ${Buffer.from(`${t.demo.apiKey}:`).toString('base64')}`;
    for (const authorization of [
      `Bearer ${t.demo.apiKey}`,
      basic,
      basic.replace('Basic', 'basic'),
    ]) {
      const answer = await t.nobody('GET', '/v1/me', { headers: { authorization } });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        user: null,
        key: { appId: t.demo.appId },
        role: 'developer',
      });
    }
  });

  test.each([
    [
      'a mistyped key',
      (key: string) => `Bearer ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
    ],
    ['no key', () => 'Bearer x'],
    ['nothing after the scheme', () => 'Bearer '],
    ['another scheme', () => 'Digest abc'],
    ['Basic with nothing in it', () => 'Basic Og=='],
  ])('%s is refused with a detail that helps', async (_what, header) => {
    const answer = await t.nobody('GET', '/v1/me', {
      headers: { authorization: header(t.demo.apiKey) },
    });
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('unauthenticated');
    expect(answer.body.detail.length).toBeGreaterThan(30);
  });

  test('a client token is told that it belongs on delivery', async () => {
    const answer = await t.nobody('GET', '/v1/apps', {
      headers: { authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc' },
    });
    expect(answer.status).toBe(403);
    expect(answer.body.detail).toContain('delivery');
  });

  test('a bad key is not forgiven because of a good cookie', async () => {
    const answer = await user.call('GET', '/v1/me', { headers: { authorization: 'Bearer x' } });
    expect(answer.status).toBe(401);
  });
});

describe('writes that lean on a cookie (CSRF)', () => {
  const write = (headers: Record<string, string>) =>
    t.nobody('POST', '/v1/apps', {
      body: { name: 'x' },
      headers: { cookie: user.cookie, ...headers },
    });

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['a look-alike origin', { origin: `${API_URL}.evil.example` }],
    ['the null origin', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site', origin: API_URL }],
    ['a request of a sister domain', { 'sec-fetch-site': 'same-site', origin: API_URL }],
  ])('are refused with %s', async (_what, headers) => {
    const answer = await write(headers);
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('forbidden');
  });

  test.each([
    ['neither header, as curl sends it: no browser leaves both out', {}],
    ['our public origin', { origin: API_URL }],
    ['the origin that was asked', { origin: 'http://127.0.0.1:3999', host: '127.0.0.1:3999' }],
    ['the browser’s word for the same origin', { 'sec-fetch-site': 'same-origin' }],
  ])('pass with %s', async (_what, headers) => {
    expect((await write(headers)).status).toBe(201);
  });

  test('every writing route refuses another site’s page', async () => {
    for (const [name, route] of routes.filter(([, { method }]) => method !== 'GET')) {
      const answer = await t.nobody(route.method, filled(route.path), {
        body: {},
        headers: { cookie: user.cookie, origin: 'https://evil.example' },
      });
      expect([name, answer.status]).toEqual([name, route.auth === 'operator' ? 401 : 403]);
    }
  });

  test('a key needs no origin: no browser sends it by itself', async () => {
    const answer = await t.withKey(t.demo.apiKey)('POST', '/v1/apps', {
      body: { name: 'by script' },
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(answer.status).toBe(201);
  });
});

describe('pages and headers', () => {
  test('every answer forbids sniffing, framing and caching', async () => {
    for (const url of ['/v1/apps', '/v1/nowhere', '/docs', '/openapi.json']) {
      const { headers } = await user.call('GET', url);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  test('health, readiness, metrics, and docs answer without a credential', async () => {
    expect((await t.nobody('GET', '/healthz')).status).toBe(200);
    const ready = await t.nobody('GET', '/readyz');
    expect(ready.body).toMatchObject({ status: 'ready', parts: { database: { ok: true } } });
    expect((await t.nobody('GET', '/metrics')).text).toContain(
      'holdline_api_request_seconds_count',
    );
    expect((await t.nobody('GET', '/docs')).text).toContain('swagger-ui');
  });

  test('metrics count by route, so that no id is in them', async () => {
    await user.call('GET', `/v1/apps/${user.appId}`);
    const { text } = await t.nobody('GET', '/metrics');
    expect(text).toContain('route="/v1/apps/:app"');
    expect(text).not.toContain(user.appId);
  });

  test('each refusal’s type leads to a page that explains it', async () => {
    for (const code of Object.keys(PROBLEMS)) {
      expect((await t.nobody('GET', `/docs/errors/${code}`)).text).toContain(code);
    }
    expect((await t.nobody('GET', '/docs/errors/nonsense')).body.code).toBe('not_found');
  });

  test('the limits in the answer are the contract’s', async () => {
    const { body } = await user.call('GET', '/v1/limits');
    expect(body.protocol).toEqual(LIMIT);
  });
});

const ROOM = LIMITS.namespaces.ceiling;

test('P8: what one tenant may have is bounded, and the refusal says which limit and how full it is', async () => {
  const path = `/v1/apps/${user.appId}/namespaces`;
  await t.database.withTenant(user.tenantId, (tx) =>
    tx.namespace.createMany({
      data: Array.from({ length: ROOM }, (_none, i) => ({
        appId: user.appId,
        tenantId: user.tenantId,
        name: `n${i}`,
      })),
    }),
  );
  for (const [method, url] of [
    ['POST', path],
    ['PUT', `${path}/more`],
  ] as const) {
    const answer = await user.call(method, url, {
      body: method === 'POST' ? { name: 'more' } : {},
    });
    expect(answer.status).toBe(402);
    expect(answer.body).toMatchObject({
      code: 'quota_exceeded',
      limit: { name: 'namespaces', scope: 'app', max: ROOM, used: ROOM },
    });
  }
  expect((await user.call('PUT', `${path}/n1`, { body: {} })).status).toBe(200);
  await user.call('DELETE', `${path}/n1`);
  expect((await user.call('PUT', `${path}/more`, { body: {} })).status).toBe(200);
});
