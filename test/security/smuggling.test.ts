import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sendRaw } from '../support/raw-http.js';
import { useHoldline } from '../support/use-holdline.js';
import { expectTurnedAway, Vitals } from './aftermath.js';

/**
 * Requests that two HTTP parsers read differently (S2). Each carries a second publish in its bytes; the
 * server must turn the first away and close, so that the second never runs.
 */
const site = useHoldline();
let vitals: Vitals;
beforeAll(() => {
  vitals = Vitals.of(site.holdline);
});
afterEach(() => vitals.expectAlive());

const auth = () => `Authorization: Bearer ${site.client.key}`;
const inner = () => {
  const body = '{"data":"smuggled"}';
  return `POST /v1/channels/smuggled/messages HTTP/1.1\r\nHost: a\r\n${auth()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};
const outer = (framing: string, body: string) =>
  `POST /v1/channels/outer/messages HTTP/1.1\r\nHost: a\r\n${auth()}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n${body}`;
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const MESSAGE = '{"data":1}';

const variants: [string, () => string][] = [
  ['CL.TE', () => outer('Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${inner()}`)],
  [
    'TE.CL',
    () => outer('Transfer-Encoding: chunked\r\nContent-Length: 4', `${chunk(inner())}0\r\n\r\n`),
  ],
  [
    'TE.TE, the second unknown',
    () => outer('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow', `0\r\n\r\n${inner()}`),
  ],
  [
    'TE in a list that does not end with chunked',
    () => outer('Transfer-Encoding: chunked, identity', `0\r\n\r\n${inner()}`),
  ],
  ['TE of another name', () => outer('Transfer-Encoding: xchunked', `0\r\n\r\n${inner()}`)],
  ['TE after a vertical tab', () => outer('Transfer-Encoding:\x0bchunked', `0\r\n\r\n${inner()}`)],
  [
    'a space before the colon',
    () => outer(`Content-Length : ${MESSAGE.length}`, MESSAGE + inner()),
  ],
  [
    'a tab before the colon',
    () => outer(`Transfer-Encoding\t: chunked\r\nContent-Length: 5`, `0\r\n\r\n${inner()}`),
  ],
  [
    'a folded header',
    () => outer('Transfer-Encoding:\r\n chunked\r\nContent-Length: 5', `0\r\n\r\n${inner()}`),
  ],
  [
    'two lengths that differ',
    () => outer(`Content-Length: ${MESSAGE.length}\r\nContent-Length: 0`, MESSAGE + inner()),
  ],
  [
    'two lengths that agree',
    () =>
      outer(
        `Content-Length: ${MESSAGE.length}\r\nContent-Length: ${MESSAGE.length}`,
        MESSAGE + inner(),
      ),
  ],
  [
    'a list of lengths',
    () => outer(`Content-Length: ${MESSAGE.length}, ${MESSAGE.length}`, MESSAGE + inner()),
  ],
  ['a length with a sign', () => outer(`Content-Length: +${MESSAGE.length}`, MESSAGE + inner())],
  ['a negative length', () => outer('Content-Length: -1', MESSAGE + inner())],
  ['a length in hexadecimal', () => outer('Content-Length: 0xa', MESSAGE + inner())],
  [
    'a length beyond 64 bits',
    () => outer('Content-Length: 99999999999999999999999', MESSAGE + inner()),
  ],
  ['an empty length', () => outer('Content-Length: ', MESSAGE + inner())],
  [
    'bare LF between headers',
    () => outer(`Content-Length: ${MESSAGE.length}\nX: 1`, MESSAGE + inner()),
  ],
  [
    'bare CR between headers',
    () => outer(`X: 1\rContent-Length: ${MESSAGE.length}`, MESSAGE + inner()),
  ],
  [
    'bare LF at the end of the head',
    () => `GET /v1/channels/outer/messages?wait=0 HTTP/1.1\nHost: a\n${auth()}\n\n${inner()}`,
  ],
  [
    'a chunk size with a sign',
    () => outer('Transfer-Encoding: chunked', `+a\r\n${MESSAGE}\r\n0\r\n\r\n${inner()}`),
  ],
  [
    'a chunk size in 0x form',
    () => outer('Transfer-Encoding: chunked', `0xa\r\n${MESSAGE}\r\n0\r\n\r\n${inner()}`),
  ],
  [
    'a chunk size beyond 64 bits',
    () =>
      outer(
        'Transfer-Encoding: chunked',
        `ffffffffffffffffff\r\n${MESSAGE}\r\n0\r\n\r\n${inner()}`,
      ),
  ],
  [
    'a chunk that is longer than its size',
    () => outer('Transfer-Encoding: chunked', `1\r\n${MESSAGE}\r\n0\r\n\r\n${inner()}`),
  ],
  [
    'bare LF after a chunk size',
    () => outer('Transfer-Encoding: chunked', `a\n${MESSAGE}\r\n0\r\n\r\n${inner()}`),
  ],
  [
    'a header without a name',
    () => outer(`: x\r\nContent-Length: ${MESSAGE.length}`, MESSAGE + inner()),
  ],
  [
    'a header name with a space',
    () => outer(`X Y: 1\r\nContent-Length: ${MESSAGE.length}`, MESSAGE + inner()),
  ],
];

describe('is turned away, and what follows it never runs', () => {
  test.each(variants)('%s', async (what, bytes) => {
    for (const url of [site.client.url, site.holdline.apiUrl]) {
      const result = await sendRaw(url, bytes(), { waitMs: 3000 });
      expectTurnedAway(what, result);
      expect([what, result.closed]).toEqual([what, true]);
      expect([what, result.answers.length <= 1]).toEqual([what, true]);
    }
    expect((await site.client.history('smuggled')).messages).toEqual([]);
    expect((await site.client.history('outer')).messages).toEqual([]);
  });

  test('a megabyte of chunk extensions is cut off', async () => {
    const flood = `a;${'x'.repeat(1_000_000)}\r\n${MESSAGE}\r\n0\r\n\r\n${inner()}`;
    const result = await sendRaw(site.client.url, outer('Transfer-Encoding: chunked', flood), {
      waitMs: 5000,
    });
    expectTurnedAway('chunk extensions', result);
    expect((await site.client.history('smuggled')).messages).toEqual([]);
  });

  test('trailers do not become headers', async () => {
    const channel = 'trailers';
    const bytes = `POST /v1/channels/${channel}/messages HTTP/1.1\r\nHost: a\r\n${auth()}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: Holdline-Name\r\nConnection: close\r\n\r\n${chunk('x')}0\r\nHoldline-Name: late\r\n\r\n`;
    const { answers } = await sendRaw(site.client.url, bytes, { waitMs: 3000 });
    expect(answers[0]?.status).toBe(201);
    expect((await site.client.history(channel)).messages[0]?.name).toBeUndefined();
  });
});

describe('what is allowed works', () => {
  test('chunked bodies', async () => {
    const parts = ['{"da', 'ta":"chu', 'nked"}'].map(chunk).join('');
    const bytes = outer(
      'Transfer-Encoding: chunked\r\nConnection: close',
      `${parts}0\r\n\r\n`,
    ).replace('outer', 'chunked');
    const { answers } = await sendRaw(site.client.url, bytes, { waitMs: 3000 });
    expect(answers.map((one) => one.status)).toEqual([201]);
    expect((await site.client.history('chunked')).messages.map((one) => one.data)).toEqual([
      'chunked',
    ]);
  });

  test('pipelined requests are answered each once, in order', async () => {
    const get = (n: number) =>
      `GET /v1/channels/pipe/messages?wait=0&limit=${n} HTTP/1.1\r\nHost: a\r\n${auth()}\r\n\r\n`;
    const bad = get(0);
    const { answers } = await sendRaw(site.client.url, get(1) + bad + get(2), {
      waitMs: 3000,
      enough: 3,
    });
    expect(answers.map((one) => one.status)).toEqual([200, 400, 200]);
  });

  test('a pipelined hold does not let the answer of the next request overtake it', async () => {
    const hold = `GET /v1/channels/pipe-hold/messages?wait=1 HTTP/1.1\r\nHost: a\r\n${auth()}\r\n\r\n`;
    const quick = `GET /v1/channels/pipe-hold/messages?wait=0&limit=0 HTTP/1.1\r\nHost: a\r\n${auth()}\r\n\r\n`;
    const { answers } = await sendRaw(site.client.url, hold + quick, { waitMs: 5000, enough: 2 });
    expect(answers.map((one) => one.status)).toEqual([200, 400]);
  });
});
