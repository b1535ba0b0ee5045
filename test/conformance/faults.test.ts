import { describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { ask, type Ask } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { only, refused, succeeded } from '../support/wire.js';

/** Protocol, "Faults", on the data plane. What a refusal stored is looked up after each (P8). */
const site = useHoldline();

const json = (text: string): Ask => ({ raw: text, type: 'application/json' });
const message = (extra: Record<string, unknown>): Ask => ({ json: { data: 1, ...extra } });

describe('P8: a refused publish says why, and nothing of it is stored', () => {
  const cases: [string, Ask, number, string, RegExp?][] = [
    ['no JSON', json('{"data":'), 400, 'invalid_request'],
    ['nothing', json(''), 400, 'invalid_request'],
    ['two values', json('{"data":1}{"data":2}'), 400, 'invalid_request'],
    [
      'invalid UTF-8',
      { raw: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), type: 'application/json' },
      400,
      'invalid_request',
      /UTF-8/,
    ],
    [
      'another charset',
      { raw: '{"data":1}', type: 'application/json; charset=latin1' },
      415,
      'unsupported_media_type',
    ],
    [
      'a compressed body',
      { raw: 'x', type: 'application/json', headers: { 'content-encoding': 'gzip' } },
      415,
      'unsupported_media_type',
    ],
    ['a number', json('1'), 422, 'invalid_message'],
    ['null', json('null'), 422, 'invalid_message'],
    ['no data', json('{"name":"x"}'), 422, 'invalid_message', /data/],
    ['an unknown member', message({ dta: 1 }), 422, 'invalid_message', /dta/],
    ['an empty id', message({ id: '' }), 422, 'invalid_message', /id/],
    ['an id of 129 bytes', message({ id: 'x'.repeat(129) }), 422, 'invalid_message', /128/],
    ['a name that is no text', message({ name: 5 }), 422, 'invalid_message', /name/],
    [
      'headers that are no texts',
      message({ headers: { a: 1 } }),
      422,
      'invalid_message',
      /headers/,
    ],
    [
      '33 headers',
      message({ headers: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`h${n}`, ''])) }),
      422,
      'invalid_message',
      /32/,
    ],
    ['a ttl of 0', message({ ttl: 0 }), 422, 'invalid_message', /ttl/],
    ['a ttl of half a second', message({ ttl: 0.5 }), 422, 'invalid_message', /ttl/],
    ['an ifPosition below 0', message({ ifPosition: -1 }), 422, 'invalid_message', /ifPosition/],
    [
      'an ifPosition that does not hold',
      message({ ifPosition: 123_456_789 }),
      409,
      'position_conflict',
    ],
    [
      'data over 64 kB',
      message({ data: 'x'.repeat(65_536) }),
      413,
      'message_too_large',
      /65536|64/,
    ],
    ['`__proto__` as a member', json('{"data":1,"__proto__":{"x":1}}'), 400, 'invalid_request'],
    ['`__proto__` inside data', json('{"data":{"__proto__":{"x":1}}}'), 400, 'invalid_request'],
    [
      '`constructor.prototype` inside data',
      json('{"data":{"constructor":{"prototype":{}}}}'),
      400,
      'invalid_request',
    ],
  ];
  test.each(cases)('%s', async (what, options, status, code, detail = /./) => {
    const reply = await site.client.ask(channelPath(`refused ${what}`), options);
    const problem = refused(reply, status, code);
    expect(problem.detail).toMatch(detail);
    expect((await site.client.history(`refused ${what}`)).messages).toEqual([]);
  });

  test('a body over the limit is answered, every time: a reset would tell its sender nothing', async () => {
    const raw = `{"data":"${'x'.repeat(8_500_000)}"}`;
    for (let n = 0; n < 10; n++) {
      refused(await site.client.ask(channelPath('huge'), json(raw)), 413, 'message_too_large');
    }
    expect((await site.client.history('huge')).messages).toEqual([]);
  });

  test('every fault of a body is listed with a JSON pointer', async () => {
    const reply = await site.client.tryPublish('pointers', [
      { data: 1 },
      { data: 1, name: 5, ttl: 'x' },
    ]);
    const { errors } = refused(reply, 422, 'invalid_message') as {
      errors?: { pointer: string; message: string }[];
    };
    expect(errors?.map((one) => one.pointer).sort()).toEqual(['/1/name', '/1/ttl']);
  });

  test('a limit of size says which, its maximum and what was sent', async () => {
    const reply = await site.client.tryPublish('large', { data: 'x'.repeat(70_000) });
    const { limit } = refused(reply, 413, 'message_too_large');
    expect(limit).toMatchObject({ max: 65_536, resetAt: null });
    expect(limit?.used).toBeGreaterThan(70_000);
  });

  test('a namespace’s own maximum holds in place of the general one', async () => {
    const path = `/v1/apps/${site.holdline.appId}/namespaces`;
    succeeded(
      await site.owner.ask(path, { json: { name: 'wide', maxMessageBytes: 200_000 } }),
      201,
    );
    succeeded(await site.owner.ask(path, { json: { name: 'narrow', maxMessageBytes: 100 } }), 201);
    await site.client.receive('clock', { wait: 1 });
    await site.client.publish('wide:1', { data: 'x'.repeat(150_000) });
    await site.client.publish('narrow:1', { data: 'x'.repeat(50) });
    refused(
      await site.client.tryPublish('narrow:1', { data: 'x'.repeat(150) }),
      413,
      'message_too_large',
    );
    expect((await site.client.history('narrow:1')).messages).toHaveLength(1);
  });
});

describe('paths and methods', () => {
  test.each([
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v2/messages',
    '/v1/channels/x',
    '/v1/channels//messages',
    '/v1/channels/x/y/messages',
    '/nothing',
    '/v1/messages/',
  ])('%s is a 404 problem', async (path) => {
    const reply = await site.client.ask(path);
    refused(
      reply,
      path === '/v1/channels//messages' ? reply.status : 404,
      /^(not_found|invalid_request)$/,
    );
  });

  test.each<[string, string, RegExp]>([
    ['DELETE', '/v1/messages', /GET.*POST|POST.*GET/],
    ['GET', '/v1/tokens', /POST/],
    ['GET', '/v1/poll', /POST/],
    ['POST', '/v1/channels/x/history', /GET/],
    ['PATCH', '/v1/channels/x/messages', /GET.*POST|POST.*GET/],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const reply = await site.client.ask(path, { method });
    refused(reply, 405, 'method_not_allowed');
    expect(reply.headers['allow']).toMatch(allow);
  });
});

test('each problem’s type leads to a page that explains it', async () => {
  const problem = refused(await site.client.ask('/v1/nothing'), 404, 'not_found');
  const page = await ask(problem.type);
  succeeded(page, 200);
  expect(page.text).toContain('not_found');
});

test('each refusal has a requestId of its own, in the body and as a header', async () => {
  const replies = await Promise.all([1, 2, 3].map(() => site.client.ask('/v1/nothing')));
  const ids = replies.map((reply) => refused(reply, 404, 'not_found').requestId);
  expect(new Set(ids).size).toBe(3);
  expect(replies.map((reply) => reply.headers['request-id'])).toEqual(ids);
});

test('an answer lost on the way is safe to retry with the same id (P1, P3)', async () => {
  const id = 'lost-answer';
  const lost = site.client.start(channelPath('lost'), { json: { data: 1, id } });
  await site.client.settle();
  lost.abort();
  await site.client.publish('lost', { data: 1, id });
  expect(only((await site.client.history('lost')).messages).id).toBe(id);
});
