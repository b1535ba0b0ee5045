import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { openSocket, type Frame, type SocketClient } from '../support/socket-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { succeeded, WireProblem } from '../support/wire.js';

/** docs/protocol.md, "WebSocket": presence, the inbox, filters. */
const site = useSharedHoldline();

const open: SocketClient[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));

async function connect(clientId: string | null, capabilities?: object): Promise<SocketClient> {
  const key =
    clientId === null
      ? site.client.key
      : await site.client.token({ clientId, ...(capabilities ? { capabilities } : {}) });
  const client = await openSocket(`${site.client.url}/v1/ws`, { key });
  open.push(client);
  return client;
}

async function members(channel: string) {
  const reply = await site.client.ask(`/v1/channels/${channel}/presence`);
  succeeded(reply, 200);
  const { members: list } = reply.json as { members: { clientId: string; data: unknown }[] };
  return list.map(({ clientId, data }) => [clientId, data]);
}
const problemOf = (frame: Frame) => WireProblem.parse(frame['problem']);

describe('presence over WebSocket', () => {
  test('enter, other data, leave; another connection is told of each', async () => {
    const watcher = await connect('watcher');
    watcher.send({ type: 'subscribe', channels: ['ws-room'], presenceEvents: true });
    await watcher.next('subscribed');
    const ann = await connect('ann');
    const frame = { type: 'presence', channel: 'ws-room' };
    ann.send({ ...frame, id: '1', action: 'enter', data: { mood: 'good' } });
    expect(await ann.next('entered')).toEqual({
      type: 'entered',
      id: '1',
      channel: 'ws-room',
      clientId: 'ann',
    });
    expect(await members('ws-room')).toEqual([['ann', { mood: 'good' }]]);
    const changes = () =>
      watcher.messages().flatMap((one) => {
        const { joined, updated, left } = one as unknown as Record<string, { clientId: string }[]>;
        return [
          ...(joined ?? []).map(({ clientId }) => `+${clientId}`),
          ...(updated ?? []).map(({ clientId }) => `~${clientId}`),
          ...(left ?? []).map(({ clientId }) => `-${clientId}`),
        ];
      });
    await eventually('the join', 5000, () => changes().includes('+ann'));
    ann.send({ ...frame, action: 'enter', data: { mood: 'better' } });
    await eventually('the update', 5000, () => changes().includes('~ann'));
    expect(await members('ws-room')).toEqual([['ann', { mood: 'better' }]]);
    ann.send({ ...frame, id: '2', action: 'leave' });
    expect(await ann.next('left')).toMatchObject({ id: '2', clientId: 'ann' });
    await eventually('the leave', 5000, () => changes().includes('-ann'));
    expect(await members('ws-room')).toEqual([]);
  });

  test('a connection that ends is no leave for the grace, and one after it', async () => {
    const bob = await connect('bob');
    bob.send({ type: 'presence', action: 'enter', channel: 'ws-grace' });
    await bob.next('entered');
    bob.socket.terminate();
    await site.client.receive('ws-grace-clock', { wait: 3 });
    expect(await members('ws-grace')).toEqual([['bob', null]]);
    await eventually('gone', 25_000, async () => (await members('ws-grace')).length === 0);
  }, 40_000);

  test('a key speaks for whom it names; nobody else’s presence is a token’s', async () => {
    const server = await connect(null);
    server.send({ type: 'presence', action: 'enter', channel: 'ws-whose', clientId: 'carl' });
    await server.next('entered');
    expect(await members('ws-whose')).toEqual([['carl', null]]);
    const eve = await connect('eve');
    const frame = { type: 'presence', channel: 'ws-whose' };
    eve.send({ ...frame, id: 'forbidden', action: 'leave', clientId: 'carl' });
    eve.send({ ...frame, id: 'invalid_request', action: 'sleep' });
    eve.send({ ...frame, id: 'invalid_request', action: 'leave', data: 1 });
    eve.send({ ...frame, id: 'message_too_large', action: 'enter', data: 'x'.repeat(5000) });
    server.send({ ...frame, id: 'invalid_request', action: 'enter' });
    const reader = await connect('reader', { 'ws-whose': ['subscribe'] });
    reader.send({ ...frame, id: 'forbidden', action: 'enter' });
    for (const [client, count] of [
      [eve, 4],
      [server, 1],
      [reader, 1],
    ] as const) {
      const problems = await eventually('a problem each', 5000, () => {
        const got = client.frames.filter((one) => one.type === 'problem');
        return got.length === count && got;
      });
      expect(problems.map((one) => problemOf(one).code)).toEqual(problems.map((one) => one['id']));
    }
    expect(await members('ws-whose')).toEqual([['carl', null]]);
  });
});

describe('what a held request can, a subscription can', () => {
  test('the inbox of the token’s client', async () => {
    const ann = await connect('ws-ann');
    ann.send({ type: 'subscribe', id: 'in', inbox: true });
    await ann.next('subscribed');
    const sent = await site.client.ask('/v1/clients/ws-ann/messages', { json: { data: 'to you' } });
    succeeded(sent, 202);
    expect(sent.json).toMatchObject({ delivered: 1, home: expect.any(String) });
    await ann.next('messages');
    expect(ann.messages('in').map((one) => one['data'])).toEqual(['to you']);
    const server = await connect(null);
    server.send({ type: 'subscribe', id: 'x', inbox: true });
    expect(problemOf(await server.next('problem')).code).toBe('invalid_request');
  });

  test('filters on name and headers, and only the newest of each key', async () => {
    await site.client.publish('ws-filter', [
      { data: 1, name: 'price', headers: { symbol: 'A' } },
      { data: 2, name: 'price', headers: { symbol: 'B' } },
      { data: 3, name: 'note', headers: { symbol: 'A' } },
      { data: 4, name: 'price', headers: { symbol: 'A' } },
    ]);
    const subscribe = { type: 'subscribe', channels: ['ws-filter'], from: 'start' };
    const client = await connect(null);
    client.send({ ...subscribe, id: 'named', filter: { names: ['pri*'] } });
    client.send({ ...subscribe, id: 'headed', filter: { headers: { symbol: ['B'] } } });
    client.send({ ...subscribe, id: 'newest', conflate: 'symbol', filter: { names: ['price'] } });
    const data = (id: string) => client.messages(id).map((one) => one['data']);
    await eventually('all three', 5000, () =>
      ['named', 'headed', 'newest'].every((id) => data(id).length > 0),
    );
    expect([data('named'), data('headed'), data('newest')]).toEqual([[1, 2, 4], [2], [2, 4]]);
    client.send({ ...subscribe, id: 'bad', filter: { names: [''] } });
    expect(problemOf(await client.next('problem')).code).toBe('invalid_request');
  });
});
