import { afterEach, describe, expect, test } from '@jest/globals';
import { ask } from '../support/http-client.js';
import { channelPath, text } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import {
  events,
  lines,
  openStream,
  parseEvents,
  type OpenStream,
} from '../support/event-stream.js';
import { useHoldline } from '../support/use-holdline.js';
import { refused, succeeded, WireMessage, WireProblem } from '../support/wire.js';

/** Protocol, "Receive: the held request", last point: the same URLs as streams. */
const site = useHoldline();

const open: OpenStream[] = [];
afterEach(() => open.splice(0).forEach((stream) => stream.close()));

async function stream(path: string, accept: string, headers: Record<string, string> = {}) {
  const opened = await openStream(site.client.url + path, {
    accept,
    ...(headers['authorization'] === '' ? {} : { authorization: `Bearer ${site.client.key}` }),
    ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
  });
  open.push(opened);
  return opened;
}
const sse = (channel: string, query = {}, headers = {}) =>
  stream(channelPath(channel, query), 'text/event-stream', headers);
const ndjson = (channel: string, query = {}, headers = {}) =>
  stream(channelPath(channel, query), 'application/x-ndjson', headers);

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ data: from + n }));

/** Bytes that the delivery process has. */
const memory = async () =>
  Number(
    /^process_resident_memory_bytes (\S+)/m.exec(
      (await ask(`${site.client.url}/metrics`)).text,
    )?.[1],
  );

/** Every message whole, in order, each following on the one before. */
function expectChain(messages: readonly unknown[], data: readonly unknown[]) {
  const parsed = messages.map((one) => WireMessage.parse(one));
  expect(parsed.map((one) => one.data)).toEqual(data);
  parsed.slice(1).forEach((one, i) => expect(one.previous).toBe(parsed[i]?.position));
}
const messagesOf = (stream: OpenStream) =>
  parseEvents(stream.text())
    .events.filter((one) => one.type === 'message')
    .map((one) => JSON.parse(one.data) as { data: unknown });

describe('Server-Sent Events', () => {
  test('open at once, with the head that browsers and proxies want', async () => {
    const opened = await sse('sse-open');
    expect(opened.status).toBe(200);
    expect(opened.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(opened.headers['cache-control']).toMatch(/no-store/);
    expect(opened.headers['x-accel-buffering']).toBe('no');
    await eventually('a first id', 2000, () => parseEvents(opened.text()).lastEventId !== '');
    expect(opened.firstByteMs()).toBeLessThan(2000);
    expect(opened.text()).toMatch(/^: ok\nretry: \d+\n\n/);
  });

  test('one event a message, its data the message, as soon as it is published', async () => {
    const opened = await sse('sse-live');
    await eventually('placed', 2000, () => parseEvents(opened.text()).lastEventId !== '');
    await site.client.publish('sse-live', [{ data: 'a\nb\r\nc', name: 'n' }, { data: { x: 1 } }]);
    const [one, two] = await events(opened, 2);
    expect(WireMessage.parse(JSON.parse(one?.data as string))).toMatchObject({
      channel: 'sse-live',
      name: 'n',
      data: 'a\nb\r\nc',
    });
    expect(WireMessage.parse(JSON.parse(two?.data as string)).data).toEqual({ x: 1 });
  });

  test('P4: Last-Event-ID of any event goes on right after it, over cursor and from', async () => {
    await site.client.publish('sse-resume', numbers(5));
    const first = await sse('sse-resume', { from: 'start' });
    const all = await events(first, 5);
    expect(new Set(all.map((one) => one.lastEventId)).size).toBe(5);
    const stale = await site.client.now('sse-resume');
    await site.client.publish('sse-resume', numbers(2, 5));
    for (const [index, { lastEventId }] of all.entries()) {
      const next = await sse('sse-resume', { cursor: stale }, { 'last-event-id': lastEventId });
      await events(next, 6 - index);
      expectChain(messagesOf(next), [0, 1, 2, 3, 4, 5, 6].slice(index + 1));
    }
  });

  test('P4: whoever is cut before the first message resumes from the first id', async () => {
    const first = await sse('sse-cut');
    const id = await eventually(
      'placed',
      2000,
      () => parseEvents(first.text()).lastEventId || false,
    );
    first.close();
    await site.client.publish('sse-cut', { data: 'meanwhile' });
    const next = await sse('sse-cut', {}, { 'last-event-id': id });
    await events(next, 1);
    expect(messagesOf(next).map((one) => one.data)).toEqual(['meanwhile']);
  });

  test('a held request goes on from an event’s id, and a stream from a held request’s cursor', async () => {
    await site.client.publish('sse-mixed', numbers(3));
    const opened = await sse('sse-mixed', { from: 'start' });
    const [, second] = await events(opened, 3);
    const answer = await site.client.receive('sse-mixed', { cursor: second?.lastEventId });
    expect(answer.messages.map((one) => one.data)).toEqual([2]);
    await site.client.publish('sse-mixed', { data: 3 });
    const next = await sse('sse-mixed', { cursor: answer.cursor });
    await events(next, 1);
    expect(messagesOf(next).map((one) => one.data)).toEqual([3]);
  });

  test('several channels in one stream, each in its order', async () => {
    await site.client.publish('sse-a', numbers(3));
    await site.client.publish('sse-b', numbers(3));
    const opened = await stream(
      `/v1/messages${text({ channel: ['sse-a', 'sse-b'], from: 'start' })}`,
      'text/event-stream',
    );
    await events(opened, 6);
    const got = messagesOf(opened) as unknown as { channel: string; data: unknown }[];
    for (const channel of ['sse-a', 'sse-b'])
      expectChain(
        got.filter((one) => one.channel === channel),
        [0, 1, 2],
      );
  });

  test('is quiet for no longer than 16 s', async () => {
    const opened = await sse('sse-quiet');
    await eventually('a heartbeat', 17_000, () => opened.text().includes('\n: heartbeat\n\n'));
  }, 20_000);

  test('a refusal is an answer of its own, with its status', async () => {
    const bad = { accept: 'text/event-stream' };
    const at = (path: string, headers = {}) =>
      site.client.ask(path, { headers: { ...bad, ...headers } });
    refused(await at(channelPath('x', { cursor: 'nonsense' })), 400, 'invalid_cursor');
    refused(await at(channelPath('x'), { 'last-event-id': 'nonsense' }), 400, 'invalid_cursor');
    refused(await at(channelPath('x', { from: 'never' })), 400, 'invalid_request');
    refused(
      await ask(site.client.url + channelPath('x'), { headers: bad }),
      401,
      'unauthenticated',
    );
    const token = await site.client.token({ capabilities: { other: ['subscribe'] } });
    refused(
      await ask(site.client.url + channelPath('x'), { key: token, headers: bad }),
      403,
      'forbidden',
    );
  });
});

describe('the token in the URL', () => {
  test('is taken for a stream, and for nothing else', async () => {
    const token = await site.client.token({ capabilities: { 'url-token': ['subscribe'] } });
    await site.client.publish('url-token', { data: 1 });
    const opened = await sse(
      'url-token',
      { access_token: token, from: 'start' },
      { authorization: '' },
    );
    await events(opened, 1);
    const path = channelPath('url-token', { access_token: token, wait: 0 });
    refused(await ask(site.client.url + path), 401, 'unauthenticated');
    refused(await ask(site.client.url + path, { json: { data: 1 } }), 401, 'unauthenticated');
  });

  test('an API key there is refused', async () => {
    refused(
      await ask(site.client.url + channelPath('x', { access_token: site.client.key }), {
        headers: { accept: 'text/event-stream' },
      }),
      400,
      'key_in_url',
    );
  });
});

describe('NDJSON', () => {
  test('a line a message, and a cursor after each answer that goes on right there', async () => {
    const opened = await ndjson('lines');
    expect(opened.headers['content-type']).toMatch(/^application\/x-ndjson/);
    await eventually('the first cursor', 2000, () => lines(opened).length === 1);
    await site.client.publish('lines', numbers(3));
    const all = await eventually('the messages', 5000, () => {
      const got = lines(opened);
      return got.length >= 5 && got;
    });
    expectChain(all.slice(1, 4), [0, 1, 2]);
    expect(all.filter((_, i) => i === 0 || i === 4)).toEqual([
      { type: 'cursor', cursor: expect.any(String) },
      { type: 'cursor', cursor: expect.any(String) },
    ]);
    await site.client.publish('lines', { data: 3 });
    const next = await ndjson('lines', { cursor: all[4]?.['cursor'] });
    await eventually('the next message', 5000, () => lines(next).length >= 2);
    expectChain(lines(next).slice(0, 1), [3]);
  });
});

describe.each([
  ['SSE', sse, messagesOf],
  ['NDJSON', ndjson, (opened: OpenStream) => lines(opened).filter((one) => 'position' in one)],
] as const)('%s', (kind, opens, read) => {
  test('P1 P2: 1000 messages, some stored and some live, all there and in order', async () => {
    const channel = `thousand-${kind}`;
    await site.client.publish(channel, numbers(400));
    const opened = await opens(channel, { from: 'start' });
    for (let n = 400; n < 1000; n += 50) await site.client.publish(channel, numbers(50, n));
    await eventually('all of them', 15_000, () => read(opened).length >= 1000);
    expectChain(
      read(opened),
      numbers(1000).map((one) => one.data),
    );
  });

  test('P7: a revoked key ends it within a second, with the problem as its last word', async () => {
    const { id, key } = await site.owner.createKey(site.holdline.appId);
    await site.client.as(key).known();
    const opened = await opens('stream-revoked', {}, { authorization: `Bearer ${key}` });
    const began = performance.now();
    succeeded(
      await site.owner.ask(`/v1/apps/${site.holdline.appId}/keys/${id}`, { method: 'DELETE' }),
      204,
    );
    await eventually('the end', 5000, () => opened.ended);
    expect(performance.now() - began).toBeLessThan(1500);
    const last =
      kind === 'SSE'
        ? (JSON.parse(parseEvents(opened.text()).events.at(-1)?.data as string) as unknown)
        : lines(opened).at(-1)?.['problem'];
    expect(WireProblem.parse(last)).toMatchObject({ code: 'revoked', status: 401 });
  });

  test('a token ends it when it expires', async () => {
    const token = await site.client.token({ ttl: 2 });
    const opened = await opens('stream-expires', {}, { authorization: `Bearer ${token}` });
    await eventually('the end', 5000, () => opened.ended);
    expect(opened.text()).toContain('"code":"token_expired"');
  });

  test('P4: readers that stop for a while cost bounded memory and miss nothing', async () => {
    const channel = `slow-${kind}`;
    const filler = 'x'.repeat(50_000);
    // 50 MB for each reader: far more than the sockets between the two take.
    for (let n = 0; n < 1000; n += 100) {
      await site.client.publish(
        channel,
        Array.from({ length: 100 }, (_, i) => ({ data: { n: n + i, filler } })),
      );
    }
    const before = await memory();
    const readers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const opened = await opens(channel, { from: 'start' });
        opened.pause();
        return opened;
      }),
    );
    // The time in which a server that did not care would have read it all.
    await site.client.receive('slow-clock', { wait: 2 });
    expect((await memory()) - before).toBeLessThan(250_000_000);
    const one = readers[0] as OpenStream;
    one.resume();
    await eventually('all of them', 30_000, () => read(one).length >= 1000);
    expectChain(
      read(one).map((each) => ({ ...each, data: (each as { data: { n: number } }).data.n })),
      Array.from({ length: 1000 }, (_, n) => n),
    );
  }, 60_000);
});

test('Accept decides: JSON, anything and nothing are the held request', async () => {
  for (const accept of ['application/json', '*/*', 'application/json, text/event-stream']) {
    const reply = await site.client.ask(channelPath('accept', { wait: 0 }), {
      headers: { accept },
    });
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
  }
});

test('a drain tells every stream, ends it cleanly, and the next one misses nothing', async () => {
  const streams = [await sse('drained'), await ndjson('drained')];
  const id = await eventually(
    'placed',
    2000,
    () => parseEvents(streams[0]?.text() as string).lastEventId || false,
  );
  await site.holdline.restart();
  for (const one of streams) {
    await eventually('the end', 2000, () => one.ended);
    expect(one.text()).toContain('"code":"draining"');
  }
  await site.client.publish('drained', { data: 'after' });
  const next = await sse('drained', {}, { 'last-event-id': id });
  await events(next, 1);
  expect(messagesOf(next).map((one) => one.data)).toEqual(['after']);
}, 60_000);
