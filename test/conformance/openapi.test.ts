import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ask, type Ask, type Reply } from '../support/http-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { STACK_TRACE, succeeded } from '../support/wire.js';

/** GET /openapi.json and /docs on both servers. */
const site = useSharedHoldline();

type Json = Record<string, unknown>;
interface Operation extends Json {
  readonly responses: Record<
    string,
    {
      readonly description: string;
      readonly content?: Record<string, Json>;
      readonly headers?: Json;
    }
  >;
  readonly parameters?: {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
}
interface Document extends Json {
  readonly openapi: string;
  readonly info: Json;
  readonly servers: { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

const servers = ['api', 'delivery'] as const;
const urlOf = (server: (typeof servers)[number]) =>
  server === 'api' ? site.holdline.apiUrl : site.holdline.deliveryUrl;

async function documentOf(server: (typeof servers)[number]): Promise<Document> {
  const reply = await ask(`${urlOf(server)}/openapi.json`);
  succeeded(reply, 200);
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  return reply.json as Document;
}

function operationsOf(
  document: Document,
): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
}

describe.each(servers)('the OpenAPI document of %s', (server) => {
  test('is OpenAPI 3.1: every operation with its parameters, answers and refusals', async () => {
    const document = await documentOf(server);
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    expect(document.servers[0]?.url).toBe(urlOf(server));
    const operations = operationsOf(document);
    expect(operations.length).toBeGreaterThan(5);
    for (const { path, method, operation } of operations) {
      const where = `${method} ${path}`;
      expect([where, method]).toEqual([
        where,
        expect.stringMatching(/^(get|post|put|patch|delete)$/),
      ]);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
      const given = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect([where, given.map((one) => one.name).sort()]).toEqual([where, named]);
      expect(given.every((one) => one.required === true)).toBe(true);
      const statuses = Object.keys(operation.responses);
      expect([where, statuses.some((status) => /^(2\d\d|101|302)$/.test(status))]).toEqual([
        where,
        true,
      ]);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect([where, status, response.description]).toEqual([
          where,
          expect.stringMatching(/^[1-5]\d\d$/),
          expect.stringMatching(/./),
        ]);
        if (/^[45]/.test(status))
          expect([where, Object.keys(response.content ?? {})]).toEqual([
            where,
            ['application/problem+json'],
          ]);
      }
    }
  });

  test('has no reference that leads nowhere', async () => {
    const document = await documentOf(server);
    const references: string[] = [];
    JSON.stringify(document, (name, value: unknown) => {
      if (name === '$ref') references.push(String(value));
      return value;
    });
    for (const reference of references.filter((one) => one.startsWith('#/components/'))) {
      const found = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((node, part) => (node as Json | undefined)?.[part], document);
      expect([reference, found]).toEqual([reference, expect.anything()]);
    }
  });

  test('every route in it exists, and answers no failure of ours to an empty request', async () => {
    const document = await documentOf(server);
    for (const { path, method } of operationsOf(document)) {
      const filled = path.replace(/\{(\w+)\}/g, 'x');
      const options = {
        method: method.toUpperCase(),
        ...(method === 'get' ? { headers: { prefer: 'wait=0' } } : { json: {} }),
      };
      // Without a credential, a 404 or 405 could only mean that there is no such route.
      const reply: Reply = await ask(urlOf(server) + filled, options);
      expect([method, path, reply.status, [404, 405].includes(reply.status)]).toEqual([
        method,
        path,
        reply.status,
        false,
      ]);
      expect(reply.status).toBeLessThan(500);
      expect(reply.text).not.toMatch(STACK_TRACE);
    }
  });

  test('can be browsed at /docs, with nothing from elsewhere', async () => {
    const page = await ask(`${urlOf(server)}/docs`);
    succeeded(page, 200);
    const linked = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      (match) => match[1] as string,
    );
    expect(linked.length).toBeGreaterThan(1);
    for (const path of linked) {
      expect(path).toMatch(/^\//);
      succeeded(await ask(urlOf(server) + path), 200);
    }
  });
});

/** Both ways: what the document promises is what is answered, down to the members that may be left out. */
describe('real answers are what the document says', () => {
  let documents: Record<(typeof servers)[number], Document>;
  beforeAll(async () => {
    documents = { api: await documentOf('api'), delivery: await documentOf('delivery') };
  });

  function conforms(server: (typeof servers)[number], operation: string, reply: Reply): void {
    const [method, path] = operation.split(' ') as [string, string];
    const said = documents[server].paths[path]?.[method]?.responses[reply.status];
    const type = String(reply.headers['content-type']).split(';')[0] as string;
    const schema = said?.content?.[type]?.['schema'] as Json | undefined;
    if (!said || !schema)
      throw new Error(`${operation} does not say that it may answer ${reply.status} ${type}`);
    const whole = { ...schema, components: documents[server].components };
    const resolved = schema['$ref'] ? documents[server].components.schemas['Problem'] : whole;
    const result = z.fromJSONSchema(resolved as Json).safeParse(reply.json);
    if (!result.success)
      throw new Error(
        `${operation} ${reply.status}: ${z.prettifyError(result.error)}\n${reply.text}`,
      );
    for (const name of Object.keys(said.headers ?? {})) {
      if (OPTIONAL.has(name)) continue;
      expect([operation, name, reply.headers[name.toLowerCase()]]).toEqual([
        operation,
        name,
        expect.any(String),
      ]);
    }
  }
  const OPTIONAL = new Set(['Preference-Applied', 'Retry-After']);
  const deliver = async (operation: string, path: string, options: Ask = {}) => {
    const method = operation.split(' ')[0]?.toUpperCase() as string;
    const reply = await site.client.ask(path, { method, ...options });
    conforms('delivery', operation, reply);
    return reply;
  };

  test('publish, receive, history, groups and presence', async () => {
    const messages = '/v1/channels/{channel}/messages';
    const path = '/v1/channels/doc/messages';
    const headers = { a: 'b' };
    const whole = { data: { x: [1, null] }, name: 'n', id: 'i', headers, ttl: 60 };
    await deliver(`post ${messages}`, path, { json: [whole, { data: null }] });
    await deliver(`post ${messages}`, path, { json: { data: 1, id: 'i' } });
    await deliver(`post ${messages}`, path, {
      raw: Buffer.from([0, 255]),
      type: 'application/octet-stream',
    });
    await deliver(`get ${messages}`, `${path}?from=start&wait=0&presence=true`);
    await deliver(`get ${messages}`, `${path}?from=start&wait=0&name=n`);
    await deliver('get /v1/messages', '/v1/messages?channel=doc&channel=doc2&wait=0');
    await deliver('get /v1/channels/{channel}/history', '/v1/channels/doc/history?limit=1');
    await deliver(
      'put /v1/channels/{channel}/presence/{clientId}',
      '/v1/channels/doc/presence/ann',
      { json: { data: 1 } },
    );
    await deliver('get /v1/channels/{channel}/presence', '/v1/channels/doc/presence');
    const group = '/v1/channels/{channel}/groups/{group}';
    await deliver(`put ${group}`, '/v1/channels/doc/groups/g', { json: { from: 'start' } });
    await deliver(`get ${group}/messages`, '/v1/channels/doc/groups/g/messages?wait=0');
    await deliver(`get ${group}`, '/v1/channels/doc/groups/g');
    await deliver('post /v1/tokens', '/v1/tokens', { json: {} });
  });

  test('a poll over two apps with a channel of the same name in each', async () => {
    const app = await site.owner.createApp('second');
    const { key } = await site.owner.createKey(app);
    const other = await site.client.as(key).known();
    const subscriptions = [
      { channels: ['twin'] },
      { token: await other.token({}), channels: ['twin'] },
    ];
    await site.client.publish('twin', { data: 1 });
    await other.publish('twin', { data: 2 });
    const reply = await deliver('post /v1/poll', '/v1/poll', {
      json: { subscriptions, from: 'start', wait: 0 },
    });
    const { messages, channels } = reply.json as { messages: { app: string }[]; channels: Json };
    expect(messages.map((one) => one.app)).toEqual([site.holdline.appId, app]);
    expect(Object.keys(channels)).toEqual([`${site.holdline.appId}/twin`, `${app}/twin`]);
  });

  test('a batch with what was stored and what was refused', async () => {
    const messages = [
      { channel: 'ok', data: 1 },
      { channel: 'bad' },
      { data: 1 },
      { channel: 'p', data: 1, ifPosition: 99_999_999 },
    ];
    await deliver('post /v1/messages', '/v1/messages', { json: { messages } });
  });

  test('refusals with every extra that there is', async () => {
    const messages = '/v1/channels/{channel}/messages';
    const path = '/v1/channels/doc/messages';
    const token = await site.client.token({ capabilities: { doc: ['subscribe'] } });
    const cases: [string, string, Ask][] = [
      [`post ${messages}`, path, { json: { data: 1 }, key: token }],
      [`post ${messages}`, path, { json: { data: 1, ifPosition: 99_999_999 } }],
      [`post ${messages}`, path, { json: { data: 'x'.repeat(70_000) } }],
      [`post ${messages}`, path, { json: { name: 5 } }],
      [`get ${messages}`, `${path}?cursor=none`, {}],
      ['get /v1/ws', '/v1/ws', {}],
    ];
    for (const [operation, at, options] of cases)
      expect((await deliver(operation, at, options)).status).toBeGreaterThanOrEqual(400);
  });

  test('the control plane’s lists and what it makes', async () => {
    const app = `/v1/apps/${site.holdline.appId}`;
    const asked: [string, string, Ask][] = [
      ['get /v1/me', '/v1/me', {}],
      ['get /v1/apps', '/v1/apps', {}],
      ['get /v1/apps/{app}/keys', `${app}/keys`, {}],
      ['post /v1/apps/{app}/keys', `${app}/keys`, { json: { name: 'for the document' } }],
      [
        'put /v1/apps/{app}/namespaces/{namespace}',
        `${app}/namespaces/doc`,
        { method: 'PUT', json: {} },
      ],
      ['get /v1/apps/{app}/namespaces', `${app}/namespaces`, {}],
      ['get /v1/apps/{app}/channels', `${app}/channels`, {}],
      ['get /v1/apps/{app}', '/v1/apps/app_00000000000000000000', {}],
    ];
    for (const [operation, path, options] of asked)
      conforms('api', operation, await site.owner.ask(path, options));
  });
});

test('the paths of the two servers never collide', async () => {
  const [api, delivery] = await Promise.all(servers.map(documentOf));
  const paths = new Set(Object.keys((api as Document).paths));
  expect(Object.keys((delivery as Document).paths).filter((path) => paths.has(path))).toEqual([]);
});
