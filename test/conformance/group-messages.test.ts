import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { answered, GroupClient, type GroupMessage } from '../support/group-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { only, refused, succeeded } from '../support/wire.js';

/** Protocol, "Groups (competing consumers)": members and what becomes of messages. */
const site = useSharedHoldline();

const fresh = (group = 'workers', channel = `g:${randomUUID()}`) =>
  new GroupClient(site.client, channel, group);
const publish = (group: GroupClient, ...data: unknown[]) =>
  site.client.publish(
    group.channel,
    data.map((one) => ({ data: one })),
  );
const dataOf = (messages: readonly GroupMessage[]) => messages.map(({ data }) => data);

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
