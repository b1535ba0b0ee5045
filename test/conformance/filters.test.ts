import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { received, refused, type WireReceive } from '../support/wire.js';

/** docs/patterns/filters.md: filters, conflation and the window of a receive. */
const site = useSharedHoldline();

const dataOf = (answer: WireReceive): unknown[] => answer.messages.map((one) => one.data);
const poll = async (channel: string, body: object): Promise<WireReceive> =>
  received(
    await site.client.ask('/v1/poll', {
      json: { subscriptions: [{ channels: [channel] }], wait: 0, ...body },
    }),
  );

describe('a filter', () => {
  test('by name: literals and beginnings; the proof covers the rest and counts it', async () => {
    await site.client.publish('names', [
      { name: 'chat', data: 1 },
      { name: 'typing', data: 2 },
      { name: 'chat.edit', data: 3 },
      { data: 4 },
    ]);
    const answer = await site.client.receive('names', { from: 'start', name: ['chat', 'chat.*'] });
    expect(dataOf(answer)).toEqual([1, 3]);
    const proof = answer.channels['names'];
    expect(proof).toMatchObject({ filtered: 2, lost: null });
    expect(proof?.to).toBeGreaterThan(answer.messages[1]?.position ?? Infinity);
    const rest = await site.client.receive('names', { cursor: answer.cursor });
    expect(dataOf(rest)).toEqual([]);
    expect(rest.channels['names']).not.toHaveProperty('filtered');
  });

  test('by headers, in a query and in a poll alike', async () => {
    await site.client.publish('langs', [
      { data: 'en', headers: { lang: 'en', v: '1' } },
      { data: 'de', headers: { lang: 'de', v: '1' } },
      { data: 'fr', headers: { lang: 'fr', v: '1' } },
      { data: 'no v', headers: { lang: 'en' } },
    ]);
    const query = { from: 'start', 'header.lang': ['en', 'de'], 'header.v': '*' };
    expect(dataOf(await site.client.receive('langs', query))).toEqual(['en', 'de']);
    const filter = { headers: { lang: ['en', 'de'], v: ['*'] } };
    expect(dataOf(await poll('langs', { from: 'start', filter }))).toEqual(['en', 'de']);
  });

  test('what does not match goes on holding; the answer to what matches covers both', async () => {
    const cursor = await site.client.now('holding');
    const hold = site.client.hold('holding', { cursor, name: 'wanted' });
    await site.client.settle();
    await site.client.publish('holding', { name: 'other', data: 1 });
    await site.client.settle();
    expect(hold.settled).toBe(false);
    await site.client.publish('holding', { name: 'wanted', data: 2 });
    const answer = received(await hold.reply);
    expect(dataOf(answer)).toEqual([2]);
    expect(answer.channels['holding']).toMatchObject({ filtered: 1 });
  });

  test('P4 a hold that ends with nothing has moved its cursor past what did not match', async () => {
    const cursor = await site.client.now('moves');
    const hold = site.client.hold('moves', { cursor, name: 'wanted', wait: 1 });
    await site.client.settle();
    await site.client.publish('moves', { name: 'other', data: 1 });
    const answer = received(await hold.reply);
    expect(answer).toMatchObject({ timedOut: true, messages: [] });
    expect(answer.channels['moves']).toMatchObject({ filtered: 1 });
    expect(dataOf(await site.client.receive('moves', { cursor: answer.cursor }))).toEqual([]);
  });

  test('the link to the next poll keeps the filter', async () => {
    const reply = await site.client.ask('/v1/channels/link/messages?wait=0&name=a&header.x=1');
    expect(reply.headers['link']).toMatch(/wait=0&name=a&header\.x=1&cursor=/);
  });

  test('a stream takes the same filter', async () => {
    await site.client.publish('lines', [
      { name: 'a', data: 'in' },
      { name: 'b', data: 'out' },
    ]);
    const controller = new AbortController();
    const response = await fetch(
      `${site.client.url}/v1/channels/lines/messages?from=start&name=a`,
      {
        headers: {
          authorization: `Bearer ${site.client.key}`,
          accept: 'application/x-ndjson',
        },
        signal: controller.signal,
      },
    );
    const reader = response.body!.getReader();
    let text = '';
    await eventually('the message came', 5000, async () => {
      text += Buffer.from((await reader.read()).value ?? []).toString();
      return text.includes('"in"');
    });
    controller.abort();
    expect(text).not.toContain('"out"');
  });

  test.each([
    ['name=a*b', /name/],
    ['name=', /name/],
    ['header.=x', /header/],
    ['window=x', /window/],
    ['window=5001', /window/],
    ['conflate=', /conflate/],
    ['filter=x', /filter/],
  ])('that cannot be understood is refused and the place named: %s', async (query, place) => {
    const reply = await site.client.ask(`/v1/channels/bad/messages?wait=0&${query}`);
    expect(refused(reply, 400, 'invalid_request').detail).toMatch(place);
  });

  test.each([
    [{ filter: {} }, /filter/],
    [{ filter: { names: [] } }, /\/filter\/names/],
    [{ filter: { names: ['a*b'] } }, /\/filter\/names\/0/],
    [{ filter: { headers: { x: 'en' } } }, /\/filter\/headers\/x/],
    [{ filter: { nmaes: ['a'] } }, /nmaes/],
    [{ window: 1.5 }, /\/window/],
  ])('in a poll likewise: %j', async (body, place) => {
    const json = { subscriptions: [{ channels: ['bad'] }], wait: 0, ...body };
    const reply = await site.client.ask('/v1/poll', { json });
    expect(refused(reply, 400, 'invalid_request').detail).toMatch(place);
  });
});

describe('conflation', () => {
  test('brings the newest of each value, and counts the others', async () => {
    const tick = (symbol: string, data: number) => ({ data, headers: { symbol } });
    await site.client.publish('ticks', [tick('A', 1), tick('B', 2), tick('A', 3), { data: 4 }]);
    const answer = await site.client.receive('ticks', { from: 'start', conflate: 'symbol' });
    expect(dataOf(answer)).toEqual([2, 3, 4]);
    expect(answer.channels['ticks']).toMatchObject({ conflated: 1 });
    expect(dataOf(await poll('ticks', { from: 'start', conflate: 'symbol' }))).toEqual([2, 3, 4]);
  });
});

describe('a window', () => {
  test('gathers what comes after the first message into one answer; others do not wait', async () => {
    const cursor = await site.client.now('gather');
    const gathering = site.client.hold('gather', { cursor, window: 1000 });
    const plain = site.client.hold('gather', { cursor });
    await site.client.settle();
    await site.client.publish('gather', { data: 1 });
    expect(dataOf(received(await plain.reply))).toEqual([1]);
    await site.client.publish('gather', { data: 2 });
    await site.client.publish('gather', { data: 3 });
    expect(gathering.settled).toBe(false);
    expect(dataOf(received(await gathering.reply))).toEqual([1, 2, 3]);
  });
});

test('P7 a revoked token’s filtered hold ends', async () => {
  const app = await site.owner.createApp('views-revoked');
  const { key, id } = await site.owner.createKey(app);
  const client = await site.client.as(key).known();
  const hold = client.hold('room', { name: 'x' });
  await client.settle();
  await site.owner.ask(`/v1/apps/${app}/keys/${id}`, { method: 'DELETE' });
  refused(await hold.reply, 401, 'revoked');
});
