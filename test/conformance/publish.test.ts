import { describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { only, published, refused } from '../support/wire.js';

/** Protocol, "Channels" and "Publish". */
const site = useSharedHoldline();

describe('a channel', () => {
  const names: [string, string | number][] = [
    ['a plain word', 'word'],
    ['a number', 42],
    ['with a namespace', 'room:1:2'],
    ['with everything that a URL reserves', 'a/b?c#d%e f+g&h=i;j@k,l[m]{n}|o\\p^q`r\'"s<t>'],
    ['that looks like a pattern', '*'],
    ['that looks like another pattern', 'room:*'],
    ['of dots', '..'],
    ['of one dot', '.'],
    ['with the wildcards of other buses', 'a.>.*.$JS'],
    ['in other scripts', 'комната:中文:🚀'],
    ['of 255 bytes', 'é'.repeat(127) + 'x'],
    ['named like an object’s prototype', '__proto__'],
    ['named like an object’s constructor', 'constructor'],
  ];
  test.each(names)('%s is a channel, and exists as soon as it is used', async (_what, channel) => {
    const empty = await site.client.receive(channel, { from: 'start' });
    expect(empty.messages).toEqual([]);
    const sent = only((await site.client.publish(channel, { data: 'hi' })).messages);
    const { messages } = await site.client.receive(channel, { from: 'start' });
    expect(only(messages)).toMatchObject({
      channel: String(channel),
      data: 'hi',
      position: sent.position,
      previous: 0,
    });
  });

  test('42 and "42" are the same channel', async () => {
    await site.client.publish(4711, { data: 1 });
    expect((await site.client.receive('4711', { from: 'start' })).messages).toHaveLength(1);
  });

  const bad: [string, string][] = [
    ['256 bytes of UTF-8', encodeURIComponent('é'.repeat(128))],
    ['a control character', 'a%0Ab'],
    ['a NUL', 'a%00'],
    ['DEL', 'a%7f'],
    ['half a UTF-8 character', 'a%c3'],
    ['an overlong encoding', '%c0%af'],
    ['half of a surrogate pair', '%ed%a0%80'],
    ['a broken escape', '%zz'],
  ];
  test.each(bad)('%s is no channel name, to read or to write', async (_what, encoded) => {
    const path = `/v1/channels/${encoded}/messages`;
    refused(await site.client.ask(path, { json: { data: 1 } }), 400, 'invalid_request');
    refused(await site.client.ask(`${path}?wait=0`), 400, 'invalid_request');
  });
});

describe('publishing one message', () => {
  test('answers its id, position and time, and a cursor behind it', async () => {
    const before = Date.now();
    const answer = await site.client.publish('one', { data: { a: [1, null, 'x'] } });
    const message = only(answer.messages);
    expect(Date.parse(message.timestamp)).toBeGreaterThanOrEqual(before - 1000);
    expect(message.duplicate).toBeUndefined();
    await site.client.publish('one', { data: 'next' });
    const { messages } = await site.client.receive('one', { cursor: answer.cursor });
    expect(messages.map((one) => one.data)).toEqual(['next']);
  });

  const values: unknown[] = [
    null,
    true,
    false,
    0,
    -0.5,
    1e300,
    '',
    'text',
    [],
    {},
    [[]],
    { '': 0 },
    'a\u2028b\u0000"\\',
  ];
  test.each(values.map((value) => [JSON.stringify(value), value]))(
    'data %s comes back as it was',
    async (_text, data) => {
      await site.client.publish('values', { data });
      const { messages } = await site.client.receive('values', { from: '-1' });
      expect(only(messages).data).toEqual(data);
    },
  );

  test('the members of data keep their order, whatever their names', async () => {
    const raw = '{"data":{"z":1.0,"a":12,"__z":1e2,"toString":0}}';
    published(await site.client.ask(channelPath('exact'), { raw, type: 'application/json' }));
    const { messages } = await site.client.receive('exact', { from: 'start' });
    expect(Object.keys(only(messages).data as object)).toEqual(['z', 'a', '__z', 'toString']);
  });

  test('name, headers and id come back; what was not sent is not there', async () => {
    await site.client.publish('members', { data: 1, name: 'n', headers: { h: 'v' }, id: 'my-id' });
    await site.client.publish('members', { data: 2 });
    const { messages } = await site.client.receive('members', { from: 'start' });
    expect(messages[0]).toMatchObject({ name: 'n', headers: { h: 'v' }, id: 'my-id' });
    expect(Object.keys(messages[1] as object).sort()).toEqual([
      'channel',
      'data',
      'id',
      'position',
      'previous',
      'timestamp',
    ]);
  });

  test('clientId is the token’s, never what the body claims', async () => {
    const token = await site.client.token({ clientId: 'ann' });
    await site.client.as(token).publish('whose', { data: 1 });
    refused(
      await site.client.as(token).tryPublish('whose', { data: 1, clientId: 'bob' }),
      422,
      'invalid_message',
    );
    expect(only((await site.client.receive('whose', { from: 'start' })).messages).clientId).toBe(
      'ann',
    );
  });

  test('ttl: a message is no longer handed out after its seconds', async () => {
    await site.client.publish('ttl', [
      { data: 'short', ttl: 1 },
      { data: 'long', ttl: 3600 },
      { data: 'plain' },
    ]);
    const before = await site.client.receive('ttl', { from: 'start' });
    expect(before.messages.map((one) => one.data)).toEqual(['short', 'long', 'plain']);
    // A hold of two seconds on another channel is the clock here.
    await site.client.receive('ttl-clock', { wait: 2 });
    const after = await site.client.receive('ttl', { from: 'start' });
    expect(after.messages.map((one) => one.data)).toEqual(['long', 'plain']);
  });
});

describe('an array', () => {
  test('is stored in order, in one chain', async () => {
    const answer = await site.client.publish(
      'array',
      Array.from({ length: 1000 }, (_, data) => ({ data })),
    );
    expect(answer.messages).toHaveLength(1000);
    const { messages, channels } = await site.client.receive('array', {
      from: 'start',
      limit: 1000,
    });
    expect(messages.map((one) => one.data)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    expect(messages.map((one) => one.position)).toEqual(answer.messages.map((one) => one.position));
    expect(channels['array']).toMatchObject({ from: 0, lost: null });
  });

  const faulty: [string, unknown, number, string][] = [
    ['one invalid message', [{ data: 1 }, { dta: 2 }], 422, 'invalid_message'],
    ['one too large', [{ data: 1 }, { data: 'x'.repeat(70_000) }], 413, 'message_too_large'],
    [
      'an ifPosition that does not hold',
      [{ data: 1, ifPosition: 99_999_999 }, { data: 2 }],
      409,
      'position_conflict',
    ],
    ['more than 1000', Array.from({ length: 1001 }, () => ({ data: 1 })), 422, 'invalid_message'],
    ['nothing at all', [], 422, 'invalid_message'],
    ['no objects', [1, 2], 422, 'invalid_message'],
  ];
  test.each(faulty)('P8: with %s stores none of it', async (what, body, status, code) => {
    refused(await site.client.tryPublish(`faulty ${what}`, body), status, code);
    expect((await site.client.history(`faulty ${what}`)).messages).toEqual([]);
  });
});

describe('idempotency (P1, P3): the same id again', () => {
  test('answers the first id and position, marks it duplicate and stores nothing', async () => {
    const first = only((await site.client.publish('again', { data: 'a', id: 'x1' })).messages);
    await site.client.publish('again', { data: 'between' });
    const second = only((await site.client.publish('again', { data: 'other', id: 'x1' })).messages);
    expect(second).toEqual({ ...first, duplicate: true });
    const { messages } = await site.client.receive('again', { from: 'start' });
    expect(messages.map((one) => one.data)).toEqual(['a', 'between']);
  });

  test('in another channel is another message', async () => {
    await site.client.publish('again-a', { data: 1, id: 'shared' });
    const other = only((await site.client.publish('again-b', { data: 2, id: 'shared' })).messages);
    expect(other.duplicate).toBeUndefined();
  });

  test('in a mixed array stores only what is new, and twice in one array stores it once', async () => {
    await site.client.publish('mixed', { data: 'old', id: 'old' });
    const { messages } = await site.client.publish('mixed', [
      { data: 'old again', id: 'old' },
      { data: 'new', id: 'new' },
      { data: 'new again', id: 'new' },
    ]);
    expect(messages.map((one) => one.duplicate ?? false)).toEqual([true, false, true]);
    expect(messages[2]?.position).toBe(messages[1]?.position);
    const kept = await site.client.receive('mixed', { from: 'start' });
    expect(kept.messages.map((one) => one.data)).toEqual(['old', 'new']);
  });

  test('sent by many at once is stored once', async () => {
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, data) =>
        site.client.publish('rush', { data, id: 'only-one' }),
      ),
    );
    expect(new Set(all.map((answer) => only(answer.messages).position)).size).toBe(1);
    expect(all.filter((answer) => only(answer.messages).duplicate !== true)).toHaveLength(1);
    expect((await site.client.history('rush')).messages).toHaveLength(1);
  });
});

describe('ifPosition', () => {
  test('publishes only if the channel stands there, and else says where it stands', async () => {
    const first = only((await site.client.publish('cas', { data: 1, ifPosition: 0 })).messages);
    const problem = refused(
      await site.client.tryPublish('cas', { data: 2, ifPosition: 0 }),
      409,
      'position_conflict',
    );
    expect(problem['position']).toBe(first.position);
    await site.client.publish('cas', { data: 3, ifPosition: first.position });
    expect(
      (await site.client.history('cas', { order: 'oldest' })).messages.map((one) => one.data),
    ).toEqual([1, 3]);
  });

  test('of many that race, one wins', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, data) =>
        site.client.tryPublish('race', { data, ifPosition: 0 }),
      ),
    );
    expect(replies.map((reply) => reply.status).sort()).toEqual([
      201,
      ...Array<number>(19).fill(409),
    ]);
    expect((await site.client.history('race')).messages).toHaveLength(1);
  });

  test('a retry of what won, with its id, is a duplicate and no conflict', async () => {
    const message = { data: 1, ifPosition: 0, id: 'cas-1' };
    await site.client.publish('cas-retry', message);
    expect(only((await site.client.publish('cas-retry', message)).messages).duplicate).toBe(true);
  });
});

describe('a body of another type is one message', () => {
  test('text is a string', async () => {
    const reply = await site.client.ask(channelPath('text'), {
      raw: 'héllo\n"',
      type: 'text/plain; charset=utf-8',
    });
    published(reply);
    expect(only((await site.client.receive('text', { from: 'start' })).messages).data).toBe(
      'héllo\n"',
    );
  });

  test('a form is a string', async () => {
    published(
      await site.client.ask(channelPath('form'), {
        raw: 'a=1&b=%20',
        type: 'application/x-www-form-urlencoded',
      }),
    );
    expect(only((await site.client.receive('form', { from: 'start' })).messages).data).toBe(
      'a=1&b=%20',
    );
  });

  test('bytes are base64, and say so', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
    published(
      await site.client.ask(channelPath('bytes'), { raw: bytes, type: 'application/octet-stream' }),
    );
    const message = only((await site.client.receive('bytes', { from: 'start' })).messages);
    expect(message.encoding).toBe('base64');
    expect(Buffer.from(message.data as string, 'base64')).toEqual(Buffer.from(bytes));
  });

  test('its name and id come from Holdline-Name and Holdline-Id', async () => {
    const send = () =>
      site.client.ask(channelPath('named'), {
        raw: 'x',
        type: 'text/plain',
        headers: { 'Holdline-Name': 'greeting', 'Holdline-Id': 'text-1' },
      });
    published(await send());
    expect(only(published(await send()).messages).duplicate).toBe(true);
    const message = only((await site.client.receive('named', { from: 'start' })).messages);
    expect(message).toMatchObject({ name: 'greeting', id: 'text-1' });
  });

  test('text that is not UTF-8 is refused, and nothing stored', async () => {
    const raw = Uint8Array.from([0x61, 0xff, 0xfe]);
    refused(
      await site.client.ask(channelPath('not-utf8'), { raw, type: 'text/plain' }),
      400,
      'invalid_request',
    );
    expect((await site.client.history('not-utf8')).messages).toEqual([]);
  });
});
