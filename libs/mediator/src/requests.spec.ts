import { describe, expect, test } from '@jest/globals';
import { LIMIT, Problem, ReplyAddress } from '#contracts';
import type { Message, PublishMessage } from '#contracts';
import { APP, Bench, DAY, ownerOf } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';
import type { HoldOwner, Published } from './types.js';

class Asked {
  replies: { message: Message; request: Published }[] = [];
  refusals: Problem[] = [];
  cancel: () => void = () => {};

  reply(message: Buffer, request: Published): void {
    this.replies.push({ message: JSON.parse(message.toString()) as Message, request });
  }

  refuse(problem: Problem): void {
    this.refusals.push(problem);
  }
}

interface Asking {
  readonly id?: string;
  readonly owner?: HoldOwner;
  readonly waitMs?: number;
}

async function ask(bench: Bench, { id, owner = ownerOf(APP), waitMs = 10_000 }: Asking = {}) {
  const asked = new Asked();
  const hold = bench.mediator.request(
    {
      owner,
      channel: 'room',
      message: { data: 'q', ...(id === undefined ? {} : { id }) },
      retention: DAY,
      waitMs,
    },
    asked,
  );
  asked.cancel = () => hold.cancel();
  await quiet();
  return asked;
}

/** The address in the newest message of the channel, as a reader gets it. */
async function address(bench: Bench): Promise<string> {
  const poll = await bench.poll({ from: { kind: 'last', count: 1 } });
  const { replyTo } = poll.body.messages.at(-1) as Message;
  expect(ReplyAddress.safeParse(replyTo).success).toBe(true);
  return replyTo as string;
}

const reply = (bench: Bench, to: string, message: PublishMessage = { data: 'a' }, app = APP) =>
  bench.mediator.reply({ app, address: to, clientId: 'bob', message, retention: DAY });
const codeOf = (settling: Promise<unknown>) =>
  settling.then(
    () => 'none',
    (fault: unknown) => (fault as Problem).code,
  );

describe('request and reply', () => {
  test('who asked gets the reply, with where the request stands', async () => {
    const bench = new Bench();
    const asked = await ask(bench);
    expect(bench.mediator.holdCount()).toBe(1);
    const to = await address(bench);
    const sent = await reply(bench, to);
    expect(asked.replies).toEqual([
      {
        message: {
          channel: expect.stringMatching(/^reply:/),
          id: sent.id,
          position: sent.position,
          previous: 0,
          timestamp: expect.any(String),
          data: 'a',
          clientId: 'bob',
          inReplyTo: to,
        },
        request: expect.objectContaining({ position: 1 }),
      },
    ]);
    expect(bench.settled.filter((why) => why === 'messages')).toHaveLength(2);
    bench.clock.advance(20_000);
    expect(asked.refusals).toEqual([]);
  });

  test('each of many gets its own', async () => {
    const bench = new Bench();
    const all: { asked: Asked; to: string }[] = [];
    for (let n = 0; n < 20; n++) {
      const asked = await ask(bench);
      all.push({ asked, to: await address(bench) });
    }
    for (const [n, { to }] of [...all.entries()].reverse()) await reply(bench, to, { data: n });
    expect(all.map(({ asked }) => asked.replies[0]?.message.data)).toEqual(all.map((_, n) => n));
    expect(new Set(all.map(({ to }) => to)).size).toBe(20);
  });

  test('one reply is taken: a second one is told, and the same one again is the same', async () => {
    const bench = new Bench();
    const asked = await ask(bench);
    const to = await address(bench);
    const first = await reply(bench, to, { data: 1, id: 'r' });
    expect(await codeOf(reply(bench, to, { data: 2 }))).toBe('not_found');
    expect(await codeOf(reply(bench, to, { data: 2, id: 'other' }))).toBe('not_found');
    expect(await reply(bench, to, { data: 1, id: 'r' })).toMatchObject({
      id: 'r',
      position: first.position,
      duplicate: true,
    });
    expect(asked.replies).toHaveLength(1);
  });

  test('of two at the same time one is taken', async () => {
    const bench = new Bench();
    const asked = await ask(bench);
    const to = await address(bench);
    const codes = await Promise.all([1, 2].map((data) => codeOf(reply(bench, to, { data }))));
    // The other comes while the first is being stored, or when nobody waits any more.
    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codes).toContainEqual(expect.stringMatching(/^(conflict|not_found)$/));
    expect(asked.replies).toHaveLength(1);
  });

  test('in time or not at all: no_reply at the end of the wait, and the reply after it is refused', async () => {
    const bench = new Bench();
    const asked = await ask(bench, { waitMs: 5000 });
    const to = await address(bench);
    bench.clock.advance(4900);
    expect(asked.refusals).toEqual([]);
    bench.clock.advance(200);
    expect(asked.refusals).toMatchObject([{ code: 'no_reply', extras: { position: 1 } }]);
    expect(await codeOf(reply(bench, to))).toBe('not_found');
    expect(bench.mediator.holdCount()).toBe(0);
  });

  test('who goes away is forgotten', async () => {
    const bench = new Bench();
    const asked = await ask(bench);
    const to = await address(bench);
    asked.cancel();
    asked.cancel();
    expect(await codeOf(reply(bench, to))).toBe('not_found');
    expect([asked.replies, asked.refusals]).toEqual([[], []]);
  });

  test('asked again with its id: the same address, nothing stored, and a reply that was lost is handed out', async () => {
    const bench = new Bench();
    const first = await ask(bench, { id: 'x' });
    const to = await address(bench);
    await reply(bench, to, { data: 'once' });
    const again = await ask(bench, { id: 'x' });
    expect(again.replies).toMatchObject([
      { message: { data: 'once' }, request: { ...first.replies[0]?.request, duplicate: true } },
    ]);
    const poll = await bench.poll({ from: { kind: 'start' } });
    expect(poll.body.messages).toHaveLength(1);
  });

  test('P5: another asker with the same id has another address; another app cannot reply', async () => {
    const bench = new Bench();
    const asked = await ask(bench, { id: 'x' });
    const to = await address(bench);
    const thief = await ask(bench, { id: 'x', owner: ownerOf(APP, 'other-key') });
    expect(await codeOf(reply(bench, to, { data: 1 }, 'app-2'))).toBe('not_found');
    await reply(bench, to);
    expect([asked.replies.length, thief.replies.length]).toEqual([1, 0]);
  });

  test('P7: what is revoked stops waiting', async () => {
    const bench = new Bench();
    const mine = await ask(bench);
    const other = await ask(bench, { owner: ownerOf(APP, 'other') });
    const revoked = new Problem('revoked', 'gone');
    expect(bench.mediator.endHolds(({ keyId }) => keyId === 'key', revoked)).toBe(1);
    expect([mine.refusals, other.refusals]).toEqual([[revoked], []]);
  });

  test('a drain ends every wait as draining', async () => {
    const bench = new Bench();
    const asked = await ask(bench);
    bench.mediator.drain();
    expect(asked.refusals).toMatchObject([{ code: 'draining' }]);
    await expect(ask(bench)).rejects.toMatchObject({ code: 'draining' });
  });

  test('P8: as many of a key as the limit says, and the refusal names it', async () => {
    const bench = new Bench();
    const waits: Asked[] = [];
    const max = LIMIT.waitingRequestsPerKey;
    for (let n = 0; n < max; n++) {
      const asked = new Asked();
      const order = {
        owner: ownerOf(APP),
        channel: 'room',
        message: { data: n },
        retention: DAY,
        waitMs: 60_000,
      };
      const hold = bench.mediator.request(order, asked);
      asked.cancel = () => hold.cancel();
      waits.push(asked);
    }
    await expect(ask(bench)).rejects.toMatchObject({
      code: 'rate_limited',
      extras: { limit: { name: 'requests_waiting_key', max, used: max } },
    });
    waits[0]?.cancel();
    await ask(bench);
  });

  test('a log that cannot take the request refuses it, and nobody waits', async () => {
    const bench = new Bench();
    await bench.model.drain();
    const asked = await ask(bench);
    expect(asked.refusals).toMatchObject([{ code: 'draining' }]);
    expect(bench.mediator.holdCount()).toBe(0);
  });
});

describe('an asker that is cut', () => {
  test('P1: for 15 seconds a reply is taken for it, and its retry with the same id has it', async () => {
    const bench = new Bench();
    const first = await ask(bench, { id: 'q' });
    const to = await address(bench);
    first.cancel();
    expect(bench.mediator.awaitsReply(APP, to)).toBe(true);
    bench.clock.advance(14_000);
    await reply(bench, to, { data: 'meanwhile' });
    await quiet();
    expect(first.replies).toEqual([]);
    expect(bench.mediator.awaitsReply(APP, to)).toBe(false);
    const again = await ask(bench, { id: 'q' });
    expect(again.replies[0]?.message.data).toBe('meanwhile');
  });

  test('after 15 seconds nobody waits, and nothing is left of it', async () => {
    const bench = new Bench();
    const first = await ask(bench, { id: 'q' });
    const to = await address(bench);
    first.cancel();
    first.cancel();
    bench.clock.advance(15_200);
    expect(bench.mediator.awaitsReply(APP, to)).toBe(false);
    expect(await codeOf(reply(bench, to))).toBe('not_found');
    expect(first.refusals).toEqual([]);
    expect(bench.mediator.holdCount()).toBe(0);
  });

  test('P7: revoked meanwhile, it is not waited for', async () => {
    const bench = new Bench();
    const first = await ask(bench, { id: 'q' });
    const to = await address(bench);
    first.cancel();
    expect(bench.mediator.endHolds(() => true, new Problem('revoked', 'x'))).toBe(0);
    expect(bench.mediator.awaitsReply(APP, to)).toBe(false);
  });
});
