import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { channelPath } from '../support/delivery-client.js';
import { ask, type Ask } from '../support/http-client.js';
import { SeededRandom } from '../support/random.js';
import { sendRaw } from '../support/raw-http.js';
import { useHoldline } from '../support/use-holdline.js';
import { STACK_TRACE, WireProblem, only } from '../support/wire.js';
import { expectTurnedAway, Vitals } from './aftermath.js';

/**
 * Malformed and oversize requests (S1): each is turned away in the 4xx without our insides, stores
 * nothing, and leaves both servers as they were.
 */
const site = useHoldline();
let vitals: Vitals;
beforeAll(() => {
  vitals = Vitals.of(site.holdline);
});
afterEach(() => vitals.expectAlive());

const nested = (depth: number, open: string, close: string) =>
  open.repeat(depth) + '1' + close.repeat(depth);
const json = (raw: string | Uint8Array, headers: Record<string, string> = {}): Ask => ({
  raw,
  type: 'application/json',
  headers,
});

const bodies: [string, Ask][] = [
  ['JSON 100 000 arrays deep', json(`{"data":${nested(100_000, '[', ']')}}`)],
  ['JSON 100 000 objects deep', json(`{"data":${nested(100_000, '{"a":', '}')}}`)],
  ['100 000 brackets that never close', json('['.repeat(100_000))],
  ['1 000 000 empty objects', json(`[${'{},'.repeat(999_999)}{}]`)],
  ['`__proto__` at the top', json('{"data":1,"__proto__":{"admin":true}}')],
  ['`__proto__` written with escapes', json('{"data":1,"\\u005f_proto__":{"admin":true}}')],
  ['`__proto__` deep inside', json('{"data":{"a":[{"__proto__":{"admin":true}}]}}')],
  ['constructor.prototype', json('{"data":{"constructor":{"prototype":{"admin":true}}}}')],
  ['a BOM and nothing', json(Buffer.from([0xef, 0xbb, 0xbf]))],
  [
    'invalid UTF-8 in a string',
    json(Buffer.concat([Buffer.from('{"data":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])),
  ],
  [
    'an overlong NUL',
    json(Buffer.concat([Buffer.from('{"data":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')])),
  ],
  [
    'half of a surrogate pair as UTF-8',
    json(
      Buffer.concat([Buffer.from('{"data":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ),
  ],
  ['a raw NUL', json('{"data":"\0"}')],
  ['UTF-16', json(Buffer.from('{"data":1}', 'utf16le'))],
  ['gzip', json(gzipSync('{"data":1}'), { 'content-encoding': 'gzip' })],
  ['a gzip bomb', json(gzipSync(Buffer.alloc(50_000_000, 0x20)), { 'content-encoding': 'gzip' })],
  ['an unknown encoding', json('{"data":1}', { 'content-encoding': 'zstd, br' })],
  ['a number with a million digits in place of the message', json('9'.repeat(1_000_000))],
  ['NaN', json('{"data":NaN}')],
  ['a trailing comma', json('{"data":1,}')],
  ['a comment', json('{"data":1/**/}')],
  ['single quotes', json("{'data':1}")],
  ['16 MB', json(`{"data":"${'x'.repeat(16_000_000)}"}`)],
  ['an id with a line break', json('{"data":1,"id":"a\\r\\nSet-Cookie: x=1"}')],
  [
    'a control character in the id header',
    { raw: 'x', type: 'text/plain', headers: { 'Holdline-Id': 'a\tb' } },
  ],
];

describe('bodies of a publish', () => {
  test.each(bodies)('%s', async (what, options) => {
    const channel = `hostile ${what}`;
    const reply = await site.client
      .ask(channelPath(channel), options)
      .catch((error: NodeJS.ErrnoException) => {
        // A server may cut a body that it will not read to its end.
        expect(['ECONNRESET', 'EPIPE']).toContain(error.code);
        return null;
      });
    if (reply) {
      expect([reply.status, reply.status >= 400 && reply.status < 500]).toEqual([
        reply.status,
        true,
      ]);
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(reply.text).not.toMatch(STACK_TRACE);
    }
    expect((await site.client.history(channel)).messages).toEqual([]);
  });

  test('a key given twice counts once, the last, for us and for everybody after us', async () => {
    const reply = await site.client.ask(
      channelPath('duplicate keys'),
      json('{"data":"first","data":"last"}'),
    );
    const { messages } = await site.client.history('duplicate keys');
    if (reply.status === 201) expect(only(messages).data).toBe('last');
    else expect([reply.status, messages]).toEqual([400, []]);
  });

  test('the same bodies on every route that takes one, api too', async () => {
    const routes = [
      [site.client.url, '/v1/messages'],
      [site.client.url, '/v1/poll'],
      [site.client.url, '/v1/tokens'],
      [site.holdline.apiUrl, '/v1/signup'],
      [site.holdline.apiUrl, '/v1/login'],
      [site.holdline.apiUrl, '/v1/apps'],
      [site.holdline.apiUrl, `/v1/apps/${site.holdline.appId}/keys`],
      [site.holdline.apiUrl, `/v1/apps/${site.holdline.appId}/namespaces`],
    ] as const;
    for (const [url, path] of routes) {
      for (const [what, options] of bodies.filter(([, one]) => one.type === 'application/json')) {
        const reply = await ask(url + path, { ...options, key: site.client.key }).catch(() => null);
        if (!reply) continue;
        const where = `${path}: ${what}`;
        expect([where, reply.status, reply.status >= 400 && reply.status < 500]).toEqual([
          where,
          reply.status,
          true,
        ]);
        expect([where, reply.headers['content-type']]).toEqual([
          where,
          expect.stringMatching(/^application\/problem\+json/),
        ]);
        expect([where, STACK_TRACE.test(reply.text)]).toEqual([where, false]);
      }
    }
  }, 120_000);
});

describe('heads', () => {
  const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
  const auth = () => `Authorization: Bearer ${site.client.key}`;
  const cases: [string, () => string | Uint8Array][] = [
    [
      'a header of 1 MB',
      () =>
        head(
          'GET /v1/channels/x/messages?wait=0 HTTP/1.1',
          'Host: a',
          auth(),
          `X: ${'x'.repeat(1_000_000)}`,
        ),
    ],
    [
      '10 000 headers',
      () =>
        head(
          'GET /v1/channels/x/messages?wait=0 HTTP/1.1',
          'Host: a',
          auth(),
          ...Array.from({ length: 10_000 }, (_, n) => `X-${n}: 1`),
        ),
    ],
    [
      'a URL of 100 kB',
      () => head(`GET /v1/channels/${'a'.repeat(100_000)}/messages HTTP/1.1`, 'Host: a', auth()),
    ],
    ['no Host', () => head('GET /v1/channels/x/messages?wait=0 HTTP/1.1', auth())],
    ['no method', () => head('/v1/messages', 'Host: a')],
    ['an unknown method', () => head('BREW /v1/channels/x/messages HTTP/1.1', 'Host: a', auth())],
    ['HTTP/9.9', () => head('GET /v1/channels/x/messages HTTP/9.9', 'Host: a', auth())],
    ['a NUL in the path', () => head('GET /v1/channels/\0/messages HTTP/1.1', 'Host: a', auth())],
    [
      'a NUL in a header',
      () => head('GET /v1/channels/x/messages HTTP/1.1', 'Host: a', auth(), 'X: a\0b'),
    ],
    [
      'a TLS greeting',
      () => Uint8Array.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
    ],
    ['an HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['CONNECT', () => head('CONNECT example.com:443 HTTP/1.1', 'Host: example.com')],
    [
      'an upgrade to a protocol that is not spoken',
      () =>
        head(
          'GET /v1/channels/x/messages?wait=0&x=1 HTTP/1.1',
          'Host: a',
          auth(),
          'Connection: Upgrade',
          'Upgrade: gopher',
        ),
    ],
    [
      'an Authorization of 12 kB',
      () =>
        head(
          'GET /v1/channels/x/messages?wait=0 HTTP/1.1',
          'Host: a',
          `Authorization: Bearer ${'a'.repeat(12_000)}`,
        ),
    ],
    [
      'an Expect that nobody can meet',
      () =>
        head(
          'POST /v1/channels/x/messages HTTP/1.1',
          'Host: a',
          auth(),
          'Expect: the-unexpected',
          'Content-Type: application/json',
          'Content-Length: 0',
        ),
    ],
  ];
  test.each(cases)('%s', async (what, bytes) => {
    for (const url of [site.client.url, site.holdline.apiUrl]) {
      expectTurnedAway(what, await sendRaw(url, bytes(), { waitMs: 5000, enough: 1 }));
    }
    expect((await site.client.history('x')).messages).toEqual([]);
  });

  test.each([
    [
      'headers of 20 kB',
      `GET / HTTP/1.1\r\nHost: a\r\nX-Wide: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['no HTTP', 'HELO mail\r\n\r\n', 400, 'invalid_request'],
  ])(
    '%s: a whole problem document with its id, from both servers',
    async (_what, bytes, status, code) => {
      for (const url of [site.client.url, site.holdline.apiUrl]) {
        const answer = only((await sendRaw(url, bytes, { waitMs: 5000 })).answers);
        const problem = WireProblem.parse(JSON.parse(answer.body));
        expect([answer.status, problem.status, problem.code]).toEqual([status, status, code]);
        expect(answer.head.toLowerCase()).toContain(`request-id: ${problem.requestId}`);
      }
    },
  );

  test('random bytes, 300 times (seeded)', async () => {
    const random = new SeededRandom(7);
    for (let n = 0; n < 30; n++) {
      await Promise.all(
        Array.from({ length: 10 }, () => {
          const bytes = Uint8Array.from({ length: 1 + random.below(2000) }, () =>
            random.below(256),
          );
          const end = Buffer.from('\r\n\r\n');
          return sendRaw(site.client.url, Buffer.concat([bytes, end]), {
            waitMs: 3000,
            enough: 1,
          }).then((result) =>
            expectTurnedAway(Buffer.from(bytes.subarray(0, 20)).toString('hex'), result),
          );
        }),
      );
    }
  }, 60_000);

  test('valid requests with random bytes changed, 500 times (seeded): never a 5xx', async () => {
    const random = new SeededRandom(11);
    const good = Buffer.from(
      `POST /v1/channels/mutant/messages HTTP/1.1\r\nHost: a\r\n${auth()}\r\nContent-Type: application/json\r\nContent-Length: 22\r\nConnection: close\r\n\r\n{"data":1,"name":"ab"}`,
    );
    const statuses = new Map<number, number>();
    for (let n = 0; n < 50; n++) {
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const bytes = Buffer.from(good);
          for (let change = random.below(3); change >= 0; change--)
            bytes[random.below(bytes.length)] = random.below(256);
          const { answers } = await sendRaw(site.client.url, bytes, { waitMs: 300, enough: 1 });
          for (const { status, body } of answers) {
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            expect([bytes.toString('latin1'), status >= 500]).toEqual([
              bytes.toString('latin1'),
              false,
            ]);
            expect(body).not.toMatch(STACK_TRACE);
          }
        }),
      );
    }
    // What was answered 201 is there, and nothing else is.
    expect(statuses.get(400)).toBeGreaterThan(10);
    const stored = (await site.client.history('mutant', { limit: 1000 })).messages.length;
    expect(stored).toBeLessThanOrEqual(statuses.get(201) ?? 0);
  }, 60_000);
});
