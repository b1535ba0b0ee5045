import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { answered, GroupClient, type GroupMessage } from '../support/group-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { only, refused, succeeded } from '../support/wire.js';

/** Protocol, "Groups (competing consumers)". */
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

describe('a member', () => {
  test('is held, and answered as soon as there is a message, with ackId and attempt 1', async () => {
    const group = await fresh().create();
    const held = group.hold();
    await site.client.settle();
    expect(held.settled).toBe(false);
    const sent = await publish(group, { job: 1 });
    const message = only(answered(await held.reply).messages);
    expect(message).toMatchObject({
      channel: group.channel,
      data: { job: 1 },
      position: only(sent.messages).position,
      attempt: 1,
    });
    await group.ack([message]);
  });

  test('gets nothing at the end of its hold', async () => {
    const group = await fresh().create();
    expect(await group.receive({ wait: 1 })).toEqual({ messages: [], timedOut: true, lost: null });
  });

  test('gets at most limit, in the channel’s order (P2)', async () => {
    const group = await fresh().create();
    await publish(group, 1, 2, 3, 4, 5);
    expect(dataOf((await group.receive({ limit: 2 })).messages)).toEqual([1, 2]);
    expect(dataOf((await group.receive({ limit: 2 })).messages)).toEqual([3, 4]);
  });

  test('gets what no other member has: each message goes to one', async () => {
    const group = await fresh().create();
    const members = [0, 1, 2, 3].map(() => group.hold({ wait: 3 }));
    await site.client.settle();
    await publish(group, ...Array.from({ length: 40 }, (_, n) => n));
    const shares = await Promise.all(
      members.map(async (one) => dataOf(answered(await one.reply).messages)),
    );
    expect(shares.flat().sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 40 }, (_, n) => n),
    );
    // Shared out among those who wait, not all to the first.
    expect(shares.map((share) => share.length)).toEqual([10, 10, 10, 10]);
  });

  test('that waited longest is first', async () => {
    const group = await fresh().create();
    const first = group.hold();
    await site.client.settle();
    const second = group.hold();
    await site.client.settle();
    await publish(group, 1);
    expect(dataOf(answered(await first.reply).messages)).toEqual([1]);
    expect(second.settled).toBe(false);
    await publish(group, 2);
    expect(dataOf(answered(await second.reply).messages)).toEqual([2]);
  });

  test('that goes away while it waits takes no message with it', async () => {
    const group = await fresh().create();
    const gone = group.hold();
    await site.client.settle();
    gone.abort();
    await eventually('it has left', 3000, async () => (await group.status())['members'] === 0);
    await publish(group, 1);
    expect(dataOf((await group.receive()).messages)).toEqual([1]);
  });
});

describe('a message', () => {
  test('that is not acked comes again after its visibility with attempt one higher, and not before', async () => {
    const group = await fresh().create({ visibility: 1 });
    await publish(group, 1);
    const first = only((await group.receive()).messages);
    const began = performance.now();
    expect((await group.receive()).messages).toEqual([]);
    const again = only((await group.receive({ wait: 10 })).messages);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(again).toMatchObject({ data: 1, attempt: 2, position: first.position });
    expect(again.ackId).not.toBe(first.ackId);
  });

  test('has the visibility that its member asked for', async () => {
    const group = await fresh().create({ visibility: 300 });
    await publish(group, 1);
    await group.receive({ visibility: 1 });
    expect(only((await group.receive({ wait: 10 })).messages).attempt).toBe(2);
  });

  test('that is acked never comes again', async () => {
    const group = await fresh().create({ visibility: 1 });
    await publish(group, 1, 2);
    const { messages } = await group.receive();
    await group.ack(messages.slice(0, 1));
    const again = await group.receive({ wait: 10 });
    expect(dataOf(again.messages)).toEqual([2]);
    await group.ack(again.messages);
    expect((await group.receive({ wait: 2 })).messages).toEqual([]);
  });

  test('that is nacked is there for others at once', async () => {
    const group = await fresh().create();
    await publish(group, 1);
    const { ackId } = only((await group.receive()).messages);
    const waiting = group.hold();
    await site.client.settle();
    expect(only(await group.acks({ nack: [ackId] })).status).toBe('nacked');
    expect(only(answered(await waiting.reply).messages)).toMatchObject({ data: 1, attempt: 2 });
  });

  test('stays longer with its member when extended, by the group’s visibility or the asked', async () => {
    const group = await fresh().create({ visibility: 1 });
    await publish(group, 1);
    const message = only((await group.receive()).messages);
    const result = only(await group.acks({ extend: [{ ackId: message.ackId, visibility: 60 }] }));
    expect(result.status).toBe('extended');
    expect(Date.parse(result.visibleAt as string) - Date.now()).toBeGreaterThan(50_000);
    expect((await group.receive({ wait: 2 })).messages).toEqual([]);
    expect(only(await group.acks({ extend: [message.ackId] })).status).toBe('extended');
    await group.ack([message]);
  });

  test('becomes a dead letter after maxAttempts, by time or by nack', async () => {
    const group = await fresh().create({ visibility: 1, maxAttempts: 2 });
    await publish(group, 'slow', 'bad');
    const first = (await group.receive()).messages;
    expect(dataOf(first)).toEqual(['slow', 'bad']);
    await group.acks({ nack: first.map(({ ackId }) => ackId) });
    const second = (await group.receive()).messages;
    expect(second.map(({ attempt }) => attempt)).toEqual([2, 2]);
    expect(only(await group.acks({ nack: [(second[1] as GroupMessage).ackId] })).status).toBe(
      'dead',
    );
    await eventually('the other is dead too', 5000, async () => {
      return (await group.status())['deadLetters'] === 2;
    });
    expect((await group.receive({ wait: 2 })).messages).toEqual([]);
    const page = await group.client.ask(group.path('/dead', { limit: 1 }));
    succeeded(page, 200);
    const { messages, next } = page.json as { messages: unknown[]; next: number };
    expect(only(messages)).toMatchObject({ data: 'bad', attempts: 2, reason: 'nacked' });
    const target = /<([^>]+)>; ?rel="next"/.exec(String(page.headers['link']))?.[1] as string;
    expect(target).toContain(`after=${next}`);
    const rest = await group.client.ask(target);
    expect(rest.json).toMatchObject({
      messages: [{ data: 'slow', attempts: 2, reason: 'expired' }],
      next: null,
    });
  });

  test('with maxAttempts 0 comes again without end', async () => {
    const group = await fresh().create({ maxAttempts: 0 });
    await publish(group, 1);
    for (let attempt = 1; attempt <= 12; attempt++) {
      const message = only((await group.receive()).messages);
      expect(message.attempt).toBe(attempt);
      await group.acks({ nack: [message.ackId] });
    }
  });

  test('that retention took before the group came to it is told as lost, and the group goes on', async () => {
    const namespace = `few${randomUUID().slice(0, 8)}`;
    await site.owner.create(`/v1/apps/${site.holdline.appId}/namespaces`, {
      name: namespace,
      retentionMessages: 3,
    });
    const group = fresh('late', `${namespace}:x`);
    await eventually('the rules are known', 5000, async () => {
      await site.client.publish(
        group.channel,
        Array.from({ length: 5 }, () => ({ data: 0 })),
      );
      const { messages } = await site.client.receive(group.channel, { from: 'start' });
      return messages.length === 3;
    });
    await group.create();
    await publish(group, 1, 2, 3, 4, 5);
    const answer = await group.receive();
    expect(answer.lost).toEqual({ reason: 'retention', count: 2 });
    expect(dataOf(answer.messages)).toEqual([3, 4, 5]);
    // Those that members have can be overtaken too.
    await publish(group, 6, 7, 8);
    await group.acks({ nack: answer.messages.map(({ ackId }) => ackId) });
    const next = await group.receive();
    expect(next.lost).toEqual({ reason: 'retention', count: 3 });
    expect(dataOf(next.messages)).toEqual([6, 7, 8]);
  });
});

describe('an ackId', () => {
  test('that is foreign, expired, used up or no id at all is said so in its own result, and nobody is disturbed', async () => {
    const group = await fresh('a').create({ visibility: 1 });
    const other = await fresh('b', group.channel).create();
    await publish(group, 1, 2);
    const [one, two] = (await group.receive()).messages as [GroupMessage, GroupMessage];
    const foreign = (await other.receive()).messages;
    await group.ack([one]);
    const tampered = `${two.ackId.startsWith('A') ? 'B' : 'A'}${two.ackId.slice(1)}`;
    const ids = [one.ackId, foreign[0]?.ackId, tampered, 'nonsense', '\u{1f600}'];
    const results = await group.acks({ ack: ids, nack: ids, extend: ids });
    expect(results.map(({ status }) => status)).toEqual(
      ['ack', 'nack', 'extend'].flatMap(() => ['done', 'invalid', 'invalid', 'invalid', 'invalid']),
    );
    const again = only((await group.receive({ wait: 10 })).messages);
    expect(again).toMatchObject({ data: 2, attempt: 2 });
    const late = await group.acks({ ack: [two.ackId], nack: [two.ackId], extend: [two.ackId] });
    expect(late.map(({ status }) => status)).toEqual(['expired', 'expired', 'expired']);
    await group.ack([again]);
    await other.ack(foreign);
  });

  test('works for any member of the group, twice in one list counts once', async () => {
    const group = await fresh().create();
    await publish(group, 1);
    const { ackId } = only((await group.receive()).messages);
    const token = await site.client.token({ capabilities: { [group.channel]: ['subscribe'] } });
    const member = new GroupClient(site.client.as(token), group.channel, group.group);
    const results = await member.acks({ ack: [ackId, ackId] });
    expect(results.map(({ status }) => status)).toEqual(['acked', 'done']);
  });

  test.each([
    { ack: 'x' },
    { ack: [1] },
    { acks: [] },
    { ack: Array.from({ length: 1001 }, () => 'x') },
    { extend: [{ ackId: 'x', visibility: 0 }] },
  ])('a body that is none is refused: %#', async (body) => {
    const group = await fresh().create();
    refused(await group.tryAcks(body), 400, 'invalid_request');
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
