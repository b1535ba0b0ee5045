import { beforeAll, describe, expect, test } from '@jest/globals';
import { channelPath, text } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { only, received, refused, succeeded, type WireReceive } from '../support/wire.js';

/** Protocol, "Receive": cursors, many channels in one request, gaps that are told (P4). */
const site = useSharedHoldline();

const many = async (channels: string[], query: Record<string, string | number> = {}) =>
  received(await site.client.ask(`/v1/messages${text({ channel: channels, wait: 0, ...query })}`));

const dataOf = (answer: WireReceive) => answer.messages.map((one) => one.data);

describe('a cursor', () => {
  test('P4: resumes with all that came since, again and again', async () => {
    const cursor = await site.client.now('since');
    await site.client.publish('since', [{ data: 1 }, { data: 2 }]);
    await site.client.publish('since', { data: 3 });
    for (let n = 0; n < 3; n++)
      expect(dataOf(await site.client.receive('since', { cursor }))).toEqual([1, 2, 3]);
  });

  test('wins over `from`', async () => {
    await site.client.publish('wins', { data: 1 });
    const cursor = await site.client.now('wins');
    expect(dataOf(await site.client.receive('wins', { cursor, from: 'start' }))).toEqual([]);
  });

  test('from one path serves on the others', async () => {
    const { cursor } = await site.client.publish('paths', { data: 1 });
    await site.client.publish('paths', { data: 2 });
    expect(dataOf(await many(['paths'], { cursor }))).toEqual([2]);
    const polled = await site.client.ask('/v1/poll', {
      json: { subscriptions: [{ channels: ['paths'] }], cursor, wait: 0 },
    });
    expect(dataOf(received(polled))).toEqual([2]);
  });

  test('that was tampered with, at any place, is refused', async () => {
    const { cursor } = await site.client.publish('tampered', { data: 1 });
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      // The last character may carry bits that no byte uses.
      if (at === cursor.length - 1) continue;
      const forged = cursor.slice(0, at) + other + cursor.slice(at + 1);
      refused(
        await site.client.ask(channelPath('tampered', { cursor: forged, wait: 0 })),
        400,
        'invalid_cursor',
      );
    }
  });

  test.each(['x', 'AAAA', '%00', 'null', '../..', '🚀', 'A'.repeat(8000)])(
    'that never was one is refused: %.20s',
    async (cursor) => {
      refused(
        await site.client.ask(channelPath('never', { cursor, wait: 0 })),
        400,
        'invalid_cursor',
      );
    },
  );

  test('of another app is refused', async () => {
    const app = await site.owner.createApp('cursor-other');
    const { key } = await site.owner.createKey(app);
    await site.client.as(key).known();
    const { cursor } = await site.client.publish('mine', { data: 1 });
    refused(
      await site.client.as(key).ask(channelPath('mine', { cursor, wait: 0 })),
      400,
      'invalid_cursor',
    );
  });

  test('given twice, or empty, is refused', async () => {
    const { cursor } = await site.client.publish('twice', { data: 1 });
    const path = channelPath('twice', { wait: 0 });
    refused(
      await site.client.ask(`${path}&cursor=${cursor}&cursor=${cursor}`),
      400,
      'invalid_request',
    );
    refused(await site.client.ask(`${path}&cursor=`), 400, /^invalid_(request|cursor)$/);
  });
});

describe('several channels in one request', () => {
  test('one answer, each channel in its order, with a proof for each', async () => {
    const cursor = (await many(['s1', 's2', 's3'])).cursor;
    await site.client.publish('s1', [{ data: 1 }, { data: 2 }]);
    await site.client.publish('s2', { data: 3 });
    const answer = await many(['s1', 's2', 's3'], { cursor });
    expect(answer.messages.filter((one) => one.channel === 's1').map((one) => one.data)).toEqual([
      1, 2,
    ]);
    expect(answer.messages.filter((one) => one.channel === 's2').map((one) => one.data)).toEqual([
      3,
    ]);
    expect(answer.channels['s1']?.lost).toBeNull();
    expect(dataOf(await many(['s1', 's2', 's3'], { cursor: answer.cursor }))).toEqual([]);
  });

  test('a message in any of them ends the hold', async () => {
    for (const channel of ['any-a', 'any-b']) {
      const hold = site.client.start(
        `/v1/messages${text({ channel: ['any-a', 'any-b'], wait: 30 })}`,
      );
      await site.client.settle();
      await site.client.publish(channel, { data: channel });
      expect(dataOf(received(await hold.reply))).toEqual([channel]);
    }
  });

  test('the limit holds for all of them together, and none starves', async () => {
    for (const channel of ['f1', 'f2', 'f3']) {
      await site.client.publish(
        channel,
        Array.from({ length: 20 }, (_, data) => ({ data })),
      );
    }
    let answer = await many(['f1', 'f2', 'f3'], { from: 'start', limit: 9 });
    const got = new Map<string, unknown[]>();
    for (let n = 0; n < 10 && answer.messages.length > 0; n++) {
      expect(answer.messages.length).toBeLessThanOrEqual(9);
      for (const one of answer.messages)
        got.set(one.channel, [...(got.get(one.channel) ?? []), one.data]);
      answer = await many(['f1', 'f2', 'f3'], { cursor: answer.cursor, limit: 9 });
    }
    const whole = Array.from({ length: 20 }, (_, n) => n);
    expect(Object.fromEntries(got)).toEqual({ f1: whole, f2: whole, f3: whole });
  });

  test('200 are taken by GET, 201 are refused with the limit; POST /v1/poll takes more', async () => {
    const names = Array.from({ length: 201 }, (_, n) => `list:${n}`);
    const cursor = (await many(names.slice(0, 200))).cursor;
    await site.client.publish('list:199', { data: 'last' });
    expect(dataOf(await many(names.slice(0, 200), { cursor }))).toEqual(['last']);
    const problem = refused(
      await site.client.ask(`/v1/messages${text({ channel: names, wait: 0 })}`),
      400,
      'invalid_request',
    );
    expect(problem.detail).toMatch(/200/);
    const polled = await site.client.ask('/v1/poll', {
      json: { subscriptions: [{ channels: names }], cursor, wait: 0 },
    });
    expect(dataOf(received(polled))).toEqual(['last']);
  });

  test('the same one twice is one', async () => {
    await site.client.publish('dup', { data: 1 });
    expect(dataOf(await many(['dup', 'dup'], { from: 'start' }))).toEqual([1]);
  });

  test('none at all is refused', async () => {
    refused(await site.client.ask('/v1/messages?wait=0'), 400, 'invalid_request');
  });

  test('one that is forbidden refuses the request and names it', async () => {
    const token = await site.client.token({ capabilities: { 'ok:*': ['subscribe'] } });
    const reply = await site.client
      .as(token)
      .ask(`/v1/messages${text({ channel: ['ok:1', 'no:1'], wait: 0 })}`);
    expect(refused(reply, 403, 'forbidden').detail).toMatch(/subscribe.*no:1|no:1.*subscribe/);
  });
});

describe('the list may change from poll to poll with the same cursor', () => {
  test('a new one starts at now, a dropped one is forgotten, the rest lose nothing', async () => {
    const first = await many(['stay', 'drop']);
    await site.client.publish('stay', { data: 'stay 1' });
    await site.client.publish('drop', { data: 'drop 1' });
    await site.client.publish('join', { data: 'before it joined' });
    const second = await many(['stay', 'join'], { cursor: first.cursor });
    expect(dataOf(second)).toEqual(['stay 1']);
    await site.client.publish('join', { data: 'join 1' });
    await site.client.publish('drop', { data: 'drop 2' });
    const third = await many(['stay', 'join'], { cursor: second.cursor });
    expect(dataOf(third)).toEqual(['join 1']);
    const fourth = await many(['stay', 'drop'], { cursor: third.cursor });
    expect(dataOf(fourth)).toEqual([]);
  });
});

describe('P4: what is no longer kept is told, never silent', () => {
  beforeAll(async () => {
    const path = `/v1/apps/${site.holdline.appId}/namespaces`;
    const reply = await site.owner.ask(path, { json: { name: 'tiny', retentionMessages: 3 } });
    succeeded(reply, 201);
    // The rule reaches delivery within a second; a hold is the clock.
    await site.client.receive('tiny-clock', { wait: 1 });
  });

  test('retention by count: lost, how many, and on from the oldest kept', async () => {
    const { cursor } = await site.client.publish('tiny:room', { data: 0 });
    await site.client.publish(
      'tiny:room',
      Array.from({ length: 10 }, (_, n) => ({ data: n + 1 })),
    );
    const answer = await site.client.receive('tiny:room', { cursor });
    expect(dataOf(answer)).toEqual([8, 9, 10]);
    expect(answer.channels['tiny:room']?.lost?.reason).toBe('retention');
    expect([7, undefined]).toContain(answer.channels['tiny:room']?.lost?.count);
    const next = await site.client.receive('tiny:room', { cursor: answer.cursor });
    expect(next.channels['tiny:room']?.lost ?? null).toBeNull();
  });

  test('a reader whose messages are all kept is told of no loss', async () => {
    const { cursor } = await site.client.publish('tiny:near', [{ data: 1 }, { data: 2 }]);
    await site.client.publish('tiny:near', [{ data: 3 }, { data: 4 }]);
    const answer = await site.client.receive('tiny:near', { cursor });
    expect(dataOf(answer)).toEqual([3, 4]);
    expect(answer.channels['tiny:near']?.lost).toBeNull();
  });

  test('from=start is not a loss: it asks for what is kept', async () => {
    await site.client.publish(
      'tiny:start',
      Array.from({ length: 10 }, (_, data) => ({ data })),
    );
    const answer = await site.client.receive('tiny:start', { from: 'start' });
    expect(dataOf(answer)).toEqual([7, 8, 9]);
    expect(answer.channels['tiny:start']?.lost).toBeNull();
    expect(only(answer.messages.slice(0, 1)).previous).toBe(answer.channels['tiny:start']?.from);
  });
});
