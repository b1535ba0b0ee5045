import { describe, expect, test } from '@jest/globals';
import { ask, type Reply } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { STACK_TRACE, succeeded } from '../support/wire.js';

/** GET /openapi.json and /docs on both servers. */
const site = useHoldline();

type Json = Record<string, unknown>;
interface Operation extends Json {
  readonly responses: Record<
    string,
    { readonly description: string; readonly content?: Record<string, Json> }
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
      expect([where, statuses.some((status) => /^(2\d\d|101)$/.test(status))]).toEqual([
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

test('the paths of the two servers never collide', async () => {
  const [api, delivery] = await Promise.all(servers.map(documentOf));
  const paths = new Set(Object.keys((api as Document).paths));
  expect(Object.keys((delivery as Document).paths).filter((path) => paths.has(path))).toEqual([]);
});
