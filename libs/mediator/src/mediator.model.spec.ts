import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { From } from '#contracts';
import { ModelEngine } from '#engine';
import { APP, Bench } from './testing/bench.js';
import type { Poll } from './testing/bench.js';
import { LossyEngine } from './testing/lossy-engine.js';
import { quiet } from './testing/manual-clock.js';

const CHANNELS = ['a', 'b', 'c'] as const;
/** Messages that each channel keeps. */
const KEEPS = [null, null, 3] as const;

type Step =
  | { kind: 'publish'; channel: number; count: number; ttl: number | null }
  | { kind: 'reader'; channels: number; from: From; limit: number }
  | { kind: 'relist'; reader: number; channels: number; limit: number }
  | { kind: 'cancel'; reader: number }
  | { kind: 'time'; ms: number }
  | { kind: 'turn' }
  | { kind: 'late wakes' }
  | { kind: 'purge'; channel: number }
  | { kind: 'epoch' };

const from: fc.Arbitrary<From> = fc.oneof(
  fc.constant<From>({ kind: 'now' }),
  fc.constant<From>({ kind: 'start' }),
  fc.nat(4).map((count): From => ({ kind: 'last', count })),
);
const subset = fc.integer({ min: 1, max: 7 });
const limit = fc.constantFrom(1, 2, 3, 100);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      channel: fc.nat(2),
      count: fc.integer({ min: 1, max: 4 }),
      ttl: fc.option(fc.constant(1), { freq: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('reader' as const), channels: subset, from, limit }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('relist' as const),
      reader: fc.nat(9),
      channels: subset,
      limit,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), reader: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      ms: fc.constantFrom(60, 400, 1200, 5000, 70_000),
    }),
  },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'turn' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'late wakes' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), channel: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'epoch' }) },
);

/** What the log has stored in one channel, which only the test remembers for ever. */
interface Kept {
  readonly position: number;
  readonly data: number;
}

/** One client: polls again with the cursor it got, and remembers how far each channel was proved to it. */
class Reader {
  poll: Poll | null = null;
  cursor: string | null = null;
  readonly reached = new Map<string, { epoch: string; to: number }>();
  readonly seen = new Map<string, number[]>();

  constructor(
    private readonly world: World,
    public channels: readonly string[],
    private readonly from: From,
    public limit: number,
  ) {}

  ask(): void {
    const { bench } = this.world;
    const { cursor, from, channels, limit } = this;
    this.poll = bench.ask({ channels, cursor, from, limit, waitMs: 4000 }, (poll) => {
      this.world.settled.push({ reader: this, poll });
    });
  }

  cancel(): void {
    this.poll?.hold.cancel();
    this.poll = null;
  }
}

class World {
  readonly bench: Bench;
  readonly model: ModelEngine;
  private readonly lossy: LossyEngine | null;
  readonly readers: Reader[] = [];
  readonly settled: { reader: Reader; poll: Poll }[] = [];
  readonly log = new Map<string, Kept[]>(CHANNELS.map((name) => [name, []]));
  private next = 0;

  constructor(seed: number, isLossy: boolean) {
    let model: ModelEngine | undefined;
    let lossy: LossyEngine | undefined;
    const random = randomFrom(seed);
    this.bench = new Bench({
      engine: (clock) => {
        model = new ModelEngine({ clock });
        if (!isLossy) return model;
        return (lossy = new LossyEngine(model, { chance: () => random() < 0.3 }));
      },
    });
    this.model = model!;
    this.lossy = lossy ?? null;
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'publish':
        return this.publish(step);
      case 'reader': {
        const reader = new Reader(this, named(step.channels), step.from, step.limit);
        this.readers.push(reader);
        return reader.ask();
      }
      case 'relist': {
        const reader = this.readers[step.reader];
        if (!reader) return;
        reader.cancel();
        reader.channels = named(step.channels);
        reader.limit = step.limit;
        for (const name of [...reader.reached.keys()]) {
          if (!reader.channels.includes(name)) reader.reached.delete(name);
        }
        return reader.ask();
      }
      case 'cancel': {
        const reader = this.readers[step.reader];
        reader?.cancel();
        return reader?.ask();
      }
      case 'time':
        return this.bench.clock.advance(step.ms);
      case 'turn':
        return quiet(2);
      case 'late wakes':
        return this.lossy?.passLateWakes();
      case 'purge':
        return this.model.purge({ app: APP, name: CHANNELS[step.channel]! });
      case 'epoch':
        return this.model.changeEpoch();
    }
  }

  private async publish(step: Extract<Step, { kind: 'publish' }>): Promise<void> {
    const name = CHANNELS[step.channel]!;
    const messages = Array.from({ length: step.count }, () => ({
      data: this.next++,
      ...(step.ttl === null ? {} : { ttl: step.ttl }),
    }));
    const outcome = await this.bench.send(name, messages, {
      seconds: 600,
      messages: KEEPS[step.channel] ?? null,
    });
    outcome.messages.forEach(({ position }, i) => {
      this.log.get(name)!.push({ position, data: messages[i]!.data });
    });
  }

  /** Checks every answer that came, and lets its reader go on. */
  async check(): Promise<void> {
    for (const { reader, poll } of this.settled.splice(0)) {
      expect(poll.settlements).toBe(1);
      if (poll !== reader.poll) continue;
      if (poll.refusals.length > 0) {
        // Time ran out while the log was being asked where this reader begins.
        expect(poll.refusals[0]).toMatchObject({ code: 'unavailable' });
        reader.ask();
        continue;
      }
      await this.checkAnswer(reader, poll);
      reader.cursor = poll.body.cursor;
      reader.ask();
    }
  }

  private async checkAnswer(reader: Reader, poll: Poll): Promise<void> {
    const { body } = poll;
    expect(Object.keys(body.channels).sort()).toEqual([...reader.channels].sort());
    expect(body.messages.length).toBeLessThanOrEqual(reader.limit);
    expect(body.timedOut && body.messages.length > 0).toBe(false);
    for (const [name, proof] of Object.entries(body.channels)) {
      const messages = body.messages.filter((message) => message.channel === name);
      const before = reader.reached.get(name);
      if (before && proof.lost?.reason !== 'epoch') {
        // P4: this answer begins where the one before ended.
        expect(proof).toMatchObject({ epoch: before.epoch, from: before.to });
      }
      if (before && proof.epoch !== before.epoch) expect(proof.lost).toEqual({ reason: 'epoch' });
      reader.reached.set(name, proof);
      // P2, P3: in order, none twice, none that the log does not have.
      const positions = messages.map((message) => message.position);
      const covered = this.log
        .get(name)!
        .filter(({ position }) => position > proof.from && position <= proof.to);
      const expected = covered.filter(({ position }) => positions.includes(position));
      expect(messages.map(({ position, data }) => ({ position, data }))).toEqual(expected);
      if (proof.lost === null) {
        // P4: the whole chain, and nothing but the chain.
        let previous = proof.from;
        for (const message of messages) {
          expect(message.previous).toBe(previous);
          previous = message.position;
        }
        expect(previous).toBe(proof.to);
        expect(covered).toHaveLength(messages.length);
      } else {
        // P1: what was not handed out is really gone.
        const kept = await this.model.read({ app: APP, name }, null, { messages: 1e6, bytes: 1e9 });
        const gone = covered.filter(({ position }) => !positions.includes(position));
        const stillKept = kept.messages.map((message) => message.position);
        expect(gone.filter(({ position }) => stillKept.includes(position))).toEqual([]);
      }
    }
  }

  /** The log is well again and time passes: everybody gets to its end. */
  async finish(): Promise<void> {
    if (this.lossy) this.lossy.isTroubled = false;
    // On a log of many nodes an end that cannot be read may only not have arrived yet: what was lost
    // there is told with the message after it.
    for (const channel of CHANNELS.keys()) {
      await this.publish({ kind: 'publish', channel, count: 1, ttl: null });
    }
    for (let round = 0; round < 40; round++) {
      this.lossy?.passLateWakes();
      await quiet(3);
      this.bench.clock.advance(1500);
      await quiet(3);
      await this.check();
    }
    for (const reader of this.readers) {
      for (const [name, { to }] of reader.reached) {
        expect(to).toBe(this.log.get(name)!.at(-1)?.position ?? 0);
      }
      expect(reader.reached.size).toBe(reader.channels.length);
      reader.cancel();
    }
    await quiet();
    expect(this.bench.mediator.holdCount()).toBe(0);
    expect(this.bench.faults).toEqual([]);
    this.bench.clock.advance(61_000);
    expect(this.bench.mediator.channelCount()).toBe(0);
  }
}

function named(bits: number): string[] {
  return CHANNELS.filter((_, i) => (bits >> i) & 1);
}

/** mulberry32: small, seeded, good enough to decide what goes wrong. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('P1–P4: every reader gets every message once, in order, with a whole chain, or is told what is really gone', () => {
  test.each([
    ['over a log of one node', false],
    ['over a log whose wakes get lost and whose reads lag', true],
  ])('%s', async (_, isLossy) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (seed, steps) => {
          const world = new World(seed, isLossy);
          for (const one of steps) {
            await world.run(one);
            await world.check();
          }
          await world.finish();
          world.bench.mediator.close();
        },
      ),
      { numRuns: 200 },
    );
  });
});
