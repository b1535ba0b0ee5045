import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { GroupClient, type GroupMessage } from '../support/group-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { only, refused, succeeded } from '../support/wire.js';

/** Protocol, "Groups (competing consumers)": the group itself, who may, and a restart. */
const site = useHoldline();

const fresh = (group = 'workers', channel = `g:${randomUUID()}`) =>
  new GroupClient(site.client, channel, group);
const publish = (group: GroupClient, ...data: unknown[]) =>
  site.client.publish(
    group.channel,
    data.map((one) => ({ data: one })),
  );
const dataOf = (messages: readonly GroupMessage[]) => messages.map(({ data }) => data);

describe('a group', () => {
  test('is created with PUT (201), and PUT again (200) changes what it names and nothing else', async () => {
    const group = fresh();
    const created = await group.put();
    succeeded(created, 201);
    expect(created.json).toMatchObject({
      channel: group.channel,
      group: 'workers',
      from: 'now',
      visibility: 30,
      maxAttempts: 5,
    });
    const changed = await group.put({ visibility: 60 });
    succeeded(changed, 200);
    expect(changed.json).toMatchObject({ visibility: 60, maxAttempts: 5 });
    const again = await group.put();
    expect(again.json).toEqual(changed.json);
  });

  test('tells its lag, what is in flight, its dead letters and its members', async () => {
    const group = await fresh().create();
    await publish(group, 1, 2, 3);
    const { messages } = await group.receive({ limit: 1 });
    expect(await group.status()).toMatchObject({
      lag: 2,
      inFlight: 1,
      deadLetters: 0,
      members: 0,
    });
    await group.ack(messages);
    expect(await group.status()).toMatchObject({ lag: 2, inFlight: 0 });
  });

  test('is listed with its channel’s others, and is gone when deleted, with its held members', async () => {
    const a = await fresh('a').create();
    const b = await fresh('b', a.channel).create();
    const list = async () => {
      const reply = await site.client.ask(`/v1/channels/${encodeURIComponent(a.channel)}/groups`);
      succeeded(reply, 200);
      return (reply.json as { groups: { group: string }[] }).groups.map((one) => one.group);
    };
    expect(await list()).toEqual(['a', 'b']);
    const held = a.hold();
    await site.client.settle();
    succeeded(await a.ask('', { method: 'DELETE' }), 204);
    refused(await held.reply, 404, 'not_found');
    expect(await list()).toEqual(['b']);
    refused(await a.ask(), 404, 'not_found');
    refused(await a.client.ask(a.path('/messages', { wait: 0 })), 404, 'not_found');
    refused(await a.tryAcks({ ack: ['x'] }), 404, 'not_found');
    refused(await a.ask('', { method: 'DELETE' }), 404, 'not_found');
    expect((await b.receive()).messages).toEqual([]);
  });

  test('made anew under the same name knows no ackId of before', async () => {
    const group = await fresh().create();
    await publish(group, 1);
    const { ackId } = only((await group.receive()).messages);
    succeeded(await group.ask('', { method: 'DELETE' }), 204);
    await group.create({ from: 'start' });
    const again = only((await group.receive()).messages);
    expect(again.attempt).toBe(1);
    expect(only(await group.acks({ ack: [ackId] })).status).toBe('invalid');
    await group.ack([again]);
  });

  test.each([
    ['now', undefined, [4]],
    ['start', 'start', [1, 2, 3, 4]],
    ['-2', '-2', [2, 3, 4]],
    ['the number -1', -1, [3, 4]],
  ])('from %s begins there', async (_name, from, expected) => {
    const group = fresh();
    await publish(group, 1, 2, 3);
    await group.create({ from });
    await publish(group, 4);
    expect(dataOf((await group.receive()).messages)).toEqual(expected);
  });

  test('from a time begins with what came after it', async () => {
    const group = fresh();
    const { messages } = await publish(group, 1);
    const from = new Date(Date.parse(only(messages).timestamp) + 1).toISOString();
    await eventually('the clock is past it', 1000, () => Date.now() > Date.parse(from));
    await publish(group, 2);
    await group.create({ from });
    expect(dataOf((await group.receive()).messages)).toEqual([2]);
  });

  test('a channel’s groups do not disturb each other: each gets every message', async () => {
    const a = await fresh('a').create();
    const b = await fresh('b', a.channel).create();
    await publish(a, 1, 2);
    await a.ack((await a.receive()).messages);
    expect(dataOf((await b.receive()).messages)).toEqual([1, 2]);
  });

  test.each([
    { visibility: 0 },
    { visibility: 43_201 },
    { maxAttempts: -1 },
    { from: 'yesterday' },
    { from: '-20000' },
    { other: 1 },
  ])('%j is refused', async (settings) => {
    refused(await fresh().put(settings), 400, 'invalid_request');
  });

  test.each(['a%00b', '%ff', 'x'.repeat(129)])('the name %s is refused', async (name) => {
    const path = `/v1/channels/c/groups/${name}`;
    refused(await site.client.ask(path, { method: 'PUT', json: {} }), 400, 'invalid_request');
  });
});

describe('rights', () => {
  test('members and acks need subscribe; creating, changing and deleting need a key', async () => {
    const group = await fresh().create();
    const as = async (operation: string) => {
      const capabilities = { [group.channel]: [operation] };
      const token = await site.client.token({ capabilities });
      return new GroupClient(site.client.as(token), group.channel, group.group);
    };
    const reader = await as('subscribe');
    const writer = await as('publish');
    expect((await reader.receive()).timedOut).toBe(true);
    succeeded(await reader.ask(), 200);
    refused(await reader.put({}), 403, 'forbidden');
    refused(await reader.ask('', { method: 'DELETE' }), 403, 'forbidden');
    for (const rest of ['', '/messages?wait=0', '/dead']) {
      refused(await writer.ask(rest), 403, 'forbidden');
    }
    refused(await writer.tryAcks({}), 403, 'forbidden');
  });

  test('P5: another app’s group of the same name is another group', async () => {
    const group = await fresh().create();
    const app = await site.owner.createApp('other');
    const client = await site.client.as((await site.owner.createKey(app)).key).known();
    refused(await new GroupClient(client, group.channel, group.group).ask(), 404, 'not_found');
  });

  test('P7: a revoked key ends its member’s hold within a second, and its message is for others', async () => {
    const group = await fresh().create();
    const key = await site.owner.createKey(site.holdline.appId);
    const client = await site.client.as(key.key).known();
    const held = new GroupClient(client, group.channel, group.group).hold();
    await site.client.settle();
    const path = `/v1/apps/${site.holdline.appId}/keys/${key.id}`;
    succeeded(await site.owner.ask(path, { method: 'DELETE' }), 204);
    refused(await held.reply, 401, 'revoked');
    await publish(group, 1);
    expect(dataOf((await group.receive()).messages)).toEqual([1]);
  });
});

describe('a query', () => {
  test.each([
    'wait=301',
    'wait=x',
    'limit=0',
    'limit=1001',
    'visibility=0',
    'cursor=x',
    'wait=1&wait=1',
  ])('%s is refused', async (query) => {
    const group = await fresh().create();
    refused(await group.ask(`/messages?${query}`), 400, 'invalid_request');
  });
});

test('P1, P4: a named durable subscription is a group of one: over a restart it goes on where it was', async () => {
  const reader = await new GroupClient(site.client, 'durable', 'my reader').create({
    visibility: 1,
  });
  const data = async (query = {}) => {
    const { messages } = await reader.receive(query);
    await reader.ack(messages);
    return messages.map((one) => one.data);
  };
  await site.client.publish('durable', [{ data: 1 }, { data: 2 }, { data: 3 }]);
  expect(await data({ limit: 2 })).toEqual([1, 2]);
  // Handed out and never acked, before everything stops.
  expect((await reader.receive({ limit: 1 })).messages).toMatchObject([{ data: 3, attempt: 1 }]);
  await site.holdline.restart();
  // Published while the reader is away: durable means that it is there.
  await site.client.publish('durable', { data: 4 });
  const all: unknown[] = [];
  await eventually('all that is left, once', 15_000, async () => {
    all.push(...(await data({ wait: 1 })));
    return all.length >= 2;
  });
  expect([...all].sort()).toEqual([3, 4]);
  expect(await data()).toEqual([]);
  expect(await reader.status()).toMatchObject({ lag: 0, inFlight: 0 });
}, 90_000);
