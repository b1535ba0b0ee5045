import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { GroupClient } from '../support/group-client.js';
import { openSocket, type Frame, type SocketClient } from '../support/socket-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { WireProblem } from '../support/wire.js';

/** docs/protocol.md, "WebSocket": consuming from a group, and acks. */
const site = useSharedHoldline();

const open: SocketClient[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));

async function connect(key = site.client.key): Promise<SocketClient> {
  const client = await openSocket(`${site.client.url}/v1/ws`, { key });
  open.push(client);
  return client;
}

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ data: from + n }));
const problemOf = (frame: Frame) => WireProblem.parse(frame['problem']);
interface Taken {
  readonly data: unknown;
  readonly ackId: string;
  readonly attempt: number;
}
const taken = (client: SocketClient, id?: string) => client.messages(id) as unknown as Taken[];

async function group(channel: string, settings: object = {}): Promise<GroupClient> {
  return new GroupClient(site.client, channel, 'workers').create(settings);
}

describe('a group over WebSocket', () => {
  test('each message goes to one member; an acked one does not come again', async () => {
    const work = await group('ws-work');
    const members = [await connect(), await connect()];
    for (const member of members) {
      member.send({
        type: 'subscribe',
        id: 'w',
        channels: ['ws-work'],
        group: 'workers',
        limit: 5,
      });
      expect(await member.next('subscribed')).toEqual({
        type: 'subscribed',
        id: 'w',
        channels: ['ws-work'],
        group: 'workers',
      });
      // Acks whatever comes, as it comes.
      member.socket.on('message', (data) => {
        const frame = JSON.parse((data as Buffer).toString('utf8')) as Frame;
        if (frame.type !== 'messages') return;
        const ack = (frame['messages'] as Taken[]).map(({ ackId }) => ackId);
        member.send({ type: 'ack', channel: 'ws-work', group: 'workers', ack });
      });
    }
    await site.client.publish('ws-work', numbers(100));
    await eventually('all are done', 10_000, async () => {
      const { lag, inFlight } = await work.status();
      return lag === 0 && inFlight === 0;
    });
    const all = members.flatMap((member) => taken(member));
    expect(all.map(({ data }) => data).sort((a, b) => Number(a) - Number(b))).toEqual(
      numbers(100).map(({ data }) => data),
    );
    expect(all.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('a member has no more than its limit that it did not ack', async () => {
    await group('ws-window');
    await site.client.publish('ws-window', { data: 'before the group is nothing of it' });
    const member = await connect();
    member.send({ type: 'subscribe', channels: ['ws-window'], group: 'workers', limit: 3 });
    await member.next('subscribed');
    await site.client.publish('ws-window', numbers(10));
    await eventually('its window', 5000, () => taken(member).length >= 3);
    await site.client.receive('ws-window-clock', { wait: 1 });
    const count = taken(member).length;
    expect(count).toBeLessThanOrEqual(3);
    const [first] = taken(member) as [Taken];
    const ack = { type: 'ack', id: 'a', channel: 'ws-window', group: 'workers' };
    member.send({ ...ack, ack: [first.ackId] });
    expect(await member.next('acked')).toEqual({
      type: 'acked',
      id: 'a',
      channel: 'ws-window',
      group: 'workers',
      results: [{ ackId: first.ackId, action: 'ack', status: 'acked' }],
    });
    await eventually('one more', 5000, () => taken(member).length === count + 1);
  });

  test('nack brings it again, extend keeps it, and what is never acked comes to another', async () => {
    await group('ws-again', { visibility: 2 });
    const member = await connect();
    member.send({ type: 'subscribe', channels: ['ws-again'], group: 'workers' });
    await member.next('subscribed');
    await site.client.publish('ws-again', { data: 'x' });
    const [first] = await eventually('it', 5000, () => taken(member).length > 0 && taken(member));
    const say = { type: 'ack', channel: 'ws-again', group: 'workers' };
    member.send({ ...say, nack: [first?.ackId] });
    await eventually('again', 5000, () => taken(member).length === 2);
    const second = taken(member)[1] as Taken;
    expect(second.attempt).toBe(2);
    member.send({ ...say, id: 'e', extend: [{ ackId: second.ackId, visibility: 30 }] });
    const extended = await member.next('acked', (frame) => frame['id'] === 'e');
    expect(extended['results']).toEqual([
      { ackId: second.ackId, action: 'extend', status: 'extended', visibleAt: expect.any(String) },
    ]);
    // Acked over HTTP: the same group.
    const results = await new GroupClient(site.client, 'ws-again', 'workers').acks({
      ack: [second.ackId],
    });
    expect(results[0]?.status).toBe('acked');
    await site.client.publish('ws-again', { data: 'left' });
    await eventually('it', 5000, () => taken(member).some(({ data }) => data === 'left'));
    member.socket.terminate();
    const other = await connect();
    other.send({ type: 'subscribe', channels: ['ws-again'], group: 'workers' });
    await eventually('comes to another', 10_000, () => taken(other).length === 1);
    expect(taken(other)[0]).toMatchObject({ data: 'left', attempt: 2 });
  }, 30_000);

  test('acks that are foreign, repeated or late: a result with a problem each, and the rest is done', async () => {
    await group('ws-acks', { visibility: 1 });
    const member = await connect();
    member.send({ type: 'subscribe', channels: ['ws-acks'], group: 'workers', limit: 2 });
    await member.next('subscribed');
    await site.client.publish('ws-acks', numbers(2));
    await eventually('both', 5000, () => taken(member).length >= 2);
    const [one, two] = taken(member) as [Taken, Taken];
    const ack = { type: 'ack', channel: 'ws-acks', group: 'workers' };
    member.send({ ...ack, id: '1', ack: ['nonsense', one.ackId, one.ackId] });
    const answer = await member.next('acked', (frame) => frame['id'] === '1');
    expect(answer['results']).toMatchObject([
      { status: 'invalid', problem: { code: 'not_found', status: 404 } },
      { status: 'acked' },
      { status: 'done', problem: { code: 'conflict', status: 409 } },
    ]);
    await eventually('it comes again', 5000, () => taken(member).length >= 3);
    member.send({ ...ack, id: '2', ack: [two.ackId] });
    const late = await member.next('acked', (frame) => frame['id'] === '2');
    expect(late['results']).toMatchObject([{ status: 'expired', problem: { code: 'conflict' } }]);
  });

  test('what cannot be is a problem that names the frame', async () => {
    await group('ws-refused');
    const token = await site.client.token({ capabilities: { may: ['subscribe'] } });
    const limited = await connect(token);
    const subscribe = { type: 'subscribe', group: 'workers' };
    limited.send({ ...subscribe, id: 'forbidden', channels: ['ws-refused'] });
    const ack = { type: 'ack', group: 'workers', ack: ['x'] };
    limited.send({ ...ack, id: 'forbidden ack', channel: 'ws-refused' });
    for (const id of ['forbidden', 'forbidden ack']) {
      const frame = await limited.next('problem', (one) => one['id'] === id);
      expect(problemOf(frame).code).toBe('forbidden');
    }
    const client = await connect();
    client.send({ ...subscribe, id: 'not_found', channels: ['no-group-here'] });
    client.send({ ...ack, id: 'not_found', channel: 'no-group-here' });
    client.send({ ...subscribe, id: 'invalid_request', channels: ['a', 'b'] });
    client.send({ ...subscribe, id: 'invalid_request', channels: ['ws-refused'], from: 'start' });
    client.send({ type: 'subscribe', id: 'invalid_request', channels: ['a'], visibility: 3 });
    client.send({ ...subscribe, id: 'conflict', channels: ['ws-refused'] });
    client.send({ ...subscribe, id: 'conflict', channels: ['ws-refused'] });
    const expected = { not_found: 2, invalid_request: 3, conflict: 1 };
    await eventually('a problem each', 5000, () => {
      const got = client.frames.filter((frame) => frame.type === 'problem');
      return got.length === 6;
    });
    for (const [code, count] of Object.entries(expected)) {
      const got = client.frames.filter((one) => one.type === 'problem' && one['id'] === code);
      expect(got.map((one) => problemOf(one).code)).toEqual(Array(count).fill(code));
    }
    await client.next('subscribed');
  });
});
