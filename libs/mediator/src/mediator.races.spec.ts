import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import type { ReadResult, Tail } from '#engine';
import { ModelEngine } from '#engine';
import { APP, Bench, ownerOf } from './testing/bench.js';
import type { Poll } from './testing/bench.js';
import { LossyEngine } from './testing/lossy-engine.js';
import { quiet } from './testing/manual-clock.js';

const revoked = new Problem('revoked', 'The key was revoked. Use another one.');

describe('a hold settles exactly once', () => {
  // Every order of every pair of endings, all in the same turn of the loop.
  type End = (bench: Bench, poll: Poll) => void;
  const endings: Record<string, End> = {
    message: (bench) => void bench.publish('room', 1),
    timeout: (bench) => bench.clock.advance(10_100),
    cancel: (_, poll) => poll.hold.cancel(),
    revoke: (bench) => void bench.mediator.endHolds(() => true, revoked),
    drain: (bench) => bench.mediator.drain(),
    close: (bench) => bench.mediator.close(),
  };
  const pairs = Object.keys(endings).flatMap((a) => Object.keys(endings).map((b) => [a, b]));
  for (const phase of ['held', 'starting'] as const) {
    test.each(pairs)(`${phase}: %s and %s in one turn`, async (a, b) => {
      const bench = new Bench();
      const poll = bench.ask({});
      if (phase === 'held') await quiet();
      endings[a]!(bench, poll);
      endings[b]!(bench, poll);
      await quiet();
      bench.clock.advance(60_000);
      await quiet();
      poll.hold.cancel();
      const isCancelled = a === 'cancel' || (b === 'cancel' && poll.settlements === 0);
      expect(poll.settlements).toBe(isCancelled ? 0 : 1);
      expect(bench.mediator.holdCount()).toBe(0);
      expect(bench.settled).toHaveLength(1);
    });
  }

  test('the first ending of a turn that can still win does: revoking beats an answer not yet written', async () => {
    const bench = new Bench();
    const poll = await bench.poll();
    await bench.model.append({
      channel: { app: APP, name: 'room' },
      retention: { seconds: 60, messages: null },
      entries: [{ id: 'a', idempotent: false, payload: Buffer.from('"id":"a","data":1') }],
    });
    const count = bench.mediator.endHolds(() => true, revoked);
    // The await above let the answer out first.
    expect(count).toBe(0);
    const other = await bench.poll({ cursor: poll.body.cursor });
    void bench.publish('room', 2);
    expect(bench.mediator.endHolds(() => true, revoked)).toBe(1);
    await quiet();
    expect(other.refusals).toEqual([revoked]);
    expect(other.answers).toEqual([]);
  });

  test('P7: revoking ends the holds of the owner that matches, in any of a poll’s credentials, and no other', async () => {
    const bench = new Bench();
    const mine = await bench.poll();
    const shared = await bench.poll({
      subscriptions: [
        { owner: ownerOf(APP), channels: ['room'] },
        { owner: ownerOf('app-2', 'bad'), channels: ['room'] },
      ],
    });
    expect(bench.mediator.endHolds((owner) => owner.keyId === 'bad', revoked)).toBe(1);
    expect(shared.refusals).toEqual([revoked]);
    expect(mine.settlements).toBe(0);
    expect(bench.settled).toEqual(['revoked']);
  });

  test('P7: an answer that waits behind others to be written is still revoked', async () => {
    const bench = new Bench();
    const polls = Array.from({ length: 1000 }, (_, i) =>
      bench.ask({ subscriptions: [{ owner: ownerOf(APP, `key-${i}`), channels: ['room'] }] }),
    );
    await quiet();
    await bench.publish('room', 1);
    expect(polls.at(0)!.answers).toHaveLength(1);
    expect(polls.at(-1)!.settlements).toBe(0);
    expect(bench.mediator.endHolds((owner) => owner.keyId === 'key-999', revoked)).toBe(1);
    polls[998]!.hold.cancel();
    await quiet();
    expect(polls.at(-1)!.refusals).toEqual([revoked]);
    expect(polls[998]!.settlements).toBe(0);
    expect(polls.filter((poll) => poll.answers.length === 1)).toHaveLength(998);
    expect(bench.mediator.holdCount()).toBe(0);
  });

  test('a receiver that throws is reported and costs the others nothing', async () => {
    const bench = new Bench();
    bench.ask({}, () => {
      throw new Error('broken pipe');
    });
    const poll = await bench.poll();
    await bench.publish('room', 1);
    await quiet();
    expect(poll.data).toEqual([1]);
    expect(bench.faults).toEqual([new Error('broken pipe')]);
  });

  test('receivers that ask again from inside their answer work through a backlog without nesting', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    await bench.publish('room', ...Array.from({ length: 1000 }, (_, i) => i));
    const seen: unknown[] = [];
    let depth = 0;
    let deepest = 0;
    const again = (poll: Poll): void => {
      seen.push(...poll.data);
      depth += 1;
      deepest = Math.max(deepest, depth);
      bench.ask({ cursor: poll.body.cursor, limit: 1 }, again);
      depth -= 1;
    };
    bench.ask({ cursor, limit: 1 }, again);
    await quiet(2000);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(deepest).toBeLessThan(10);
  });
});

describe('the end of a hold', () => {
  test('is never early, at most a tick late, and gives a cursor as good as before', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    const polls = [bench.ask({ cursor, waitMs: 5000 }), bench.ask({ cursor, waitMs: 5000 })];
    bench.clock.advance(4999);
    await quiet();
    expect(polls[0]!.settlements).toBe(0);
    bench.clock.advance(101);
    await quiet();
    expect(polls[0]!.body).toMatchObject({ messages: [], timedOut: true, cursor });
    expect(polls[0]!.body.channels.room).toMatchObject({ from: 0, to: 0, lost: null });
    expect(polls[1]!.answers[0]!.body).toBe(polls[0]!.answers[0]!.body);
    expect(bench.settled).toEqual(['timeout', 'timeout', 'timeout']);
  });

  test('waiting 0 answers at once with what is there', async () => {
    const bench = new Bench();
    const { cursor } = await bench.publish('room', 1);
    const nothing = await bench.poll({ cursor, waitMs: 0 });
    expect(nothing.body).toMatchObject({ timedOut: true, cursor });
    const something = await bench.poll({ waitMs: 0, from: { kind: 'start' } });
    expect(something.data).toEqual([1]);
  });

  test('draining answers every hold with its cursor, in slices, and later polls at once', async () => {
    const bench = new Bench();
    const cursor = await bench.cursorNow();
    const polls = Array.from({ length: 600 }, () => bench.ask({ cursor }));
    const starting = bench.ask({ channels: ['new'] });
    bench.mediator.drain();
    await Promise.resolve();
    const first = polls.filter((poll) => poll.settlements > 0).length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(600);
    await quiet();
    for (const poll of [...polls, starting]) expect(poll.body.timedOut).toBe(true);
    expect(polls[0]!.body.cursor).toBe(cursor);
    expect((await bench.poll({ cursor })).body).toMatchObject({ timedOut: true, cursor });
    expect(bench.mediator.holdCount()).toBe(0);
    expect(bench.settled.filter((why) => why === 'drain')).toHaveLength(601);
  });

  test('after closing, a poll is refused as draining', async () => {
    const bench = new Bench();
    const held = await bench.poll();
    bench.mediator.close();
    bench.mediator.close();
    expect(held.refusals[0]).toMatchObject({ code: 'draining' });
    expect((await bench.poll()).refusals[0]).toMatchObject({ code: 'draining' });
    expect(bench.mediator.channelCount()).toBe(0);
  });
});

describe('lost wakes', () => {
  const lossy = (chances: Record<string, boolean>): { bench: Bench; engine: LossyEngine } => {
    let engine: LossyEngine | undefined;
    const bench = new Bench({
      engine: (clock) => {
        engine = new LossyEngine(new ModelEngine({ clock }), {
          chance: (what) => chances[what] ?? false,
        });
        return engine;
      },
    });
    return { bench, engine: engine! };
  };

  test('a lost wake delays a message at most until the hold’s own tail check, which is counted', async () => {
    const chances = { 'drop wake': true };
    const { bench } = lossy(chances);
    const poll = await bench.poll({ waitMs: 5000 });
    await bench.publish('room', 1);
    await quiet();
    expect(poll.settlements).toBe(0);
    bench.clock.advance(5100);
    await quiet();
    expect(poll.data).toEqual([1]);
    expect(poll.body.timedOut).toBe(false);
    expect(bench.backstops).toBe(1);
  });

  test('the next message that gets through brings the lost one along, in order', async () => {
    const chances = { 'drop wake': true };
    const { bench } = lossy(chances);
    const poll = await bench.poll();
    await bench.publish('room', 1);
    chances['drop wake'] = false;
    await bench.publish('room', 2);
    await quiet();
    expect(poll.data).toEqual([1, 2]);
    expect(poll.body.channels.room).toMatchObject({ from: 0, lost: null });
  });

  test('P4: a read that lags behind is asked again; nothing is called lost and nothing skipped', async () => {
    const chances = { 'late read': true, 'drop wake': true };
    const { bench } = lossy(chances);
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1);
    bench.clock.advance(61_000);
    const poll = await bench.poll({ cursor, waitMs: 30_000 });
    bench.clock.advance(1000);
    await quiet();
    expect(poll.settlements).toBe(0);
    chances['late read'] = false;
    bench.clock.advance(1100);
    await quiet();
    expect(poll.data).toEqual([1]);
    expect(poll.body.channels.room!.lost).toBeNull();
  });

  test('a reader that knows more than this node did makes it ask the log once, not again and again', async () => {
    const { bench, engine } = lossy({ 'drop wake': true });
    const behind = await bench.poll();
    const { cursor } = await bench.publish('room', 1);
    behind.hold.cancel();
    const asked = engine.tails;
    const poll = await bench.poll({ cursor });
    bench.clock.advance(5000);
    await quiet();
    expect(engine.tails).toBe(asked + 1);
    expect(poll.settlements).toBe(0);
  });

  test('a hold over a log that lags for all of it ends with the cursor it came with', async () => {
    const { bench } = lossy({ 'late read': true, 'drop wake': true });
    const cursor = await bench.cursorNow();
    await bench.publish('room', 1);
    bench.clock.advance(61_000);
    const poll = await bench.poll({ cursor, waitMs: 2000 });
    bench.clock.advance(2100);
    await quiet();
    expect(poll.body).toMatchObject({ timedOut: true, cursor, messages: [] });
  });
});

describe('an engine that fails', () => {
  class Failing extends ModelEngine {
    fails = false;
    hangs = false;

    override tail(...args: Parameters<ModelEngine['tail']>): Promise<Tail> {
      return this.guard(() => super.tail(...args));
    }

    override read(...args: Parameters<ModelEngine['read']>): Promise<ReadResult> {
      return this.guard(() => super.read(...args));
    }

    private guard<T>(work: () => Promise<T>): Promise<T> {
      if (this.hangs) return new Promise<T>(() => {});
      return this.fails ? Promise.reject(new Error('EIO')) : work();
    }
  }
  const failing = (): { bench: Bench; engine: Failing } => {
    let engine: Failing | undefined;
    const bench = new Bench({ engine: (clock) => (engine = new Failing({ clock })) });
    return { bench, engine: engine! };
  };

  test('refuses the poll as unavailable, keeps the cause off the wire, and the next poll works', async () => {
    const { bench, engine } = failing();
    engine.fails = true;
    const poll = await bench.poll();
    expect(poll.refusals[0]).toMatchObject({ code: 'unavailable', cause: new Error('EIO') });
    expect(poll.refusals[0]!.message).not.toContain('EIO');
    engine.fails = false;
    const next = await bench.poll();
    await bench.publish('room', 1);
    await quiet();
    expect(next.data).toEqual([1]);
    expect(bench.settled).toEqual(['refused', 'messages']);
  });

  test('that never answers does not keep a hold beyond its patience', async () => {
    const { bench, engine } = failing();
    const cursor = await bench.cursorNow();
    bench.clock.advance(61_000);
    engine.hangs = true;
    const fresh = await bench.poll({ waitMs: 1000 });
    const resuming = await bench.poll({ cursor, waitMs: 1000 });
    const gone = await bench.poll({ cursor });
    gone.hold.cancel();
    bench.clock.advance(1100);
    await quiet();
    expect(fresh.settlements + resuming.settlements).toBe(0);
    bench.clock.advance(10_100);
    await quiet();
    expect(fresh.refusals[0]).toMatchObject({ code: 'unavailable' });
    expect(resuming.body).toMatchObject({ timedOut: true, cursor });
    expect(bench.mediator.holdCount()).toBe(0);
  });
});
