import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ModelEngine } from '#engine';
import type { Engine } from '#engine';
import { Mediator } from '../mediator.js';
import { APP, ownerOf } from '../testing/bench.js';
import { ManualClock, quiet } from '../testing/manual-clock.js';
import type { AckOrder, MemberHold } from './types.js';

const REF = { app: APP, channel: 'jobs', group: 'workers' };
const VISIBILITY = 10;
const MAX_ATTEMPTS = 3;

interface Delivered {
  readonly position: number;
  readonly data: number;
  readonly attempt: number;
  readonly ackId: string;
  /** Monotonic ms until which nobody else may get it. */
  until: number;
}

interface Answer {
  readonly messages: (Delivered & { visibility?: number })[];
  readonly timedOut: boolean;
  readonly lost: unknown;
}

/** One life of the process: a crash cuts its appends off, before or after they are stored. */
class Life {
  isDead = false;
  isHolding = false;
  private held: (() => void)[] = [];
  readonly mediator: Mediator;

  constructor(
    model: ModelEngine,
    readonly clock: ManualClock,
    newId: () => string,
    fault: (error: unknown) => void,
  ) {
    const append: Engine['append'] = async (order) => {
      if (this.isHolding) await new Promise<void>((resolve) => this.held.push(resolve));
      if (this.isDead) return new Promise(() => {});
      const result = await model.append(order);
      return this.isDead ? new Promise(() => {}) : result;
    };
    const engine = new Proxy(model, {
      get(target, name) {
        if (name === 'append') return append;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const cursorSecret = Buffer.alloc(32, 7);
    this.mediator = new Mediator({ engine, clock, cursorSecret, newId, hooks: { fault } });
  }

  release(): void {
    this.isHolding = false;
    for (const go of this.held.splice(0)) go();
  }

  crash(): void {
    this.isDead = true;
    this.release();
    this.mediator.close();
  }
}

/** What happens to a group, and what must never. */
class World {
  readonly clock = new ManualClock();
  readonly model = new ModelEngine({ clock: this.clock });
  private ids = 0;
  private readonly newId = () => `id-${++this.ids}`;
  /** What went wrong inside callbacks. */
  readonly faults: unknown[] = [];
  life = this.newLife();
  readonly published: number[] = [];
  /** The newest handing out of each message that its member may still ack. */
  readonly active = new Map<number, Delivered>();
  readonly attempts = new Map<number, number>();
  readonly acked = new Set<number>();
  /** An ack was asked for and never answered: it may count or not. */
  readonly unsure = new Set<number>();
  readonly old: string[] = [];
  readonly waiting: { hold: MemberHold; settled: boolean }[] = [];
  private newest = 0;
  /** From now on a first handing out may come late: one was taken back or cut off. */
  private isReordered = false;
  private hasCrashed = false;

  private newLife(): Life {
    return new Life(this.model, this.clock, this.newId, (error) => this.faults.push(error));
  }

  async begin(): Promise<void> {
    await this.life.mediator.groups.put(REF, {
      from: null,
      visibility: VISIBILITY,
      maxAttempts: MAX_ATTEMPTS,
    });
  }

  async publish(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) => ({ data: i }));
    await this.model
      .append({
        channel: { app: APP, name: 'jobs' },
        retention: { seconds: 86_400, messages: null },
        entries: messages.map((_, i) => ({
          id: this.newId(),
          idempotent: false,
          payload: Buffer.from(`"id":"x","data":${i}`),
        })),
      })
      .then((result) => {
        if (result.ok) this.published.push(...result.entries.map((one) => one.position));
      });
  }

  receive(
    limit: number,
    waitMs: number,
    isWritten: boolean,
    onAnswer?: (answer: Answer) => void,
  ): void {
    const { life } = this;
    const member = { hold: null as unknown as MemberHold, settled: false };
    member.hold = life.mediator.groups.receive(
      { ref: REF, owner: ownerOf(APP), waitMs, limit, visibility: null },
      {
        answer: ({ body }) => {
          member.settled = true;
          if (life.isDead) return;
          const answer = JSON.parse(body.toString()) as Answer;
          expect(answer.lost).toBeNull();
          expect(answer.messages.length).toBeLessThanOrEqual(limit);
          if (!isWritten) {
            // Its bytes never go out: nobody has seen these messages.
            this.isReordered = true;
            setImmediate(() => member.hold.cancel());
            return;
          }
          for (const message of answer.messages) this.take(message);
          onAnswer?.(answer);
        },
        refuse: (problem) => {
          member.settled = true;
          // A log that does not answer: what was taken for this member is there for others.
          this.isReordered = true;
          const isLate = problem.code === 'unavailable' && problem.message.includes('in time');
          if (!life.isDead && !isLate) this.faults.push(problem);
        },
      },
    );
    this.waiting.push(member);
  }

  private take(message: Delivered): void {
    const { position, attempt } = message;
    expect(this.acked.has(position)).toBe(false);
    const before = this.active.get(position);
    // Never with two members within the visibility.
    if (before) expect(this.clock.monotonic()).toBeGreaterThanOrEqual(before.until);
    const known = this.attempts.get(position) ?? 0;
    if (this.hasCrashed) expect(attempt).toBeGreaterThan(known);
    else expect(attempt).toBe(known + 1);
    expect(attempt).toBeLessThanOrEqual(MAX_ATTEMPTS);
    if (known === 0 && !this.isReordered) {
      expect(position).toBeGreaterThan(this.newest);
      this.newest = position;
    }
    this.attempts.set(position, attempt);
    if (before) this.old.push(before.ackId);
    this.active.set(position, {
      ...message,
      until: this.clock.monotonic() + VISIBILITY * 1000,
    });
  }

  private pick(choices: readonly number[]): Delivered[] {
    const all = [...this.active.values()];
    return all.length === 0 ? [] : [...new Set(choices.map((choice) => all[choice % all.length]!))];
  }

  private settle(order: Partial<AckOrder>) {
    return this.life.mediator.groups.settle(REF, { ack: [], nack: [], extend: [], ...order });
  }

  ack(choices: readonly number[]): void {
    const { life } = this;
    const picked = this.pick(choices);
    for (const { position } of picked) this.unsure.add(position);
    this.settle({ ack: picked.map(({ ackId }) => ackId) })
      .then((outcomes) => {
        if (life.isDead) return;
        outcomes.forEach(({ status }, i) => {
          const { position, ackId } = picked[i]!;
          if (status === 'acked' || status === 'done') {
            if (status === 'acked') this.acked.add(position);
            if (this.active.get(position)?.ackId === ackId) this.active.delete(position);
            this.old.push(ackId);
          } else {
            expect(status).toBe('expired');
          }
        });
      })
      .catch((error: unknown) => void (life.isDead || this.faults.push(error)));
  }

  nack(choices: readonly number[]): void {
    const { life } = this;
    const picked = this.pick(choices);
    // It may be there for others from this moment on.
    for (const one of picked) one.until = 0;
    this.settle({ nack: picked.map(({ ackId }) => ackId) })
      .then(() => {
        // Used up only once that was answered: a crash before it may have undone it.
        if (!life.isDead) this.old.push(...picked.map(({ ackId }) => ackId));
      })
      .catch(() => {});
  }

  extend(choices: readonly number[]): void {
    const { life } = this;
    for (const one of this.pick(choices)) {
      this.settle({ extend: [{ ackId: one.ackId, visibility: 20 }] }).then(
        ([outcome]) => {
          if (life.isDead || outcome!.status !== 'extended' || one.until === 0) return;
          one.until = Math.max(one.until, outcome!.visibleAt! - Date.UTC(2026, 0, 1));
        },
        () => {},
      );
    }
  }

  /** A member that waits goes away. */
  gone(choice: number): void {
    const waiting = this.waiting.filter((one) => !one.settled);
    if (waiting.length === 0) return;
    this.isReordered = true;
    waiting[choice % waiting.length]!.hold.cancel();
  }

  async crash(): Promise<void> {
    this.hasCrashed = true;
    this.isReordered = true;
    this.life.crash();
    this.waiting.length = 0;
    this.life = this.newLife();
    await quiet();
  }

  /** Ids that are used up, of strangers, or no ids change nothing. */
  async strange(): Promise<void> {
    if (this.life.isHolding) return;
    const ids = [...this.old.slice(-3), 'nonsense', 'A'.repeat(43)];
    const results = await this.settle({ ack: ids, nack: ids });
    for (const { status } of results) expect(['expired', 'done', 'invalid']).toContain(status);
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      this.clock.advance(Math.min(1000, left));
      await quiet(2);
    }
  }

  async finish(): Promise<void> {
    this.life.release();
    await quiet();
    for (const member of this.waiting) if (!member.settled) member.hold.cancel();
    await quiet();
    for (let round = 0; round < 200; round++) {
      let got = 0;
      this.receive(7, 0, true, ({ messages }) => (got = messages.length));
      await quiet();
      this.ack(Array.from({ length: this.active.size }, (_, i) => i));
      await quiet();
      if (got > 0) continue;
      const report = await this.life.mediator.groups.report(REF);
      if (report.lag === 0 && report.inFlight === 0) break;
      await this.pass(VISIBILITY * 1000 + 2000);
    }
    const report = await this.life.mediator.groups.report(REF);
    expect({ lag: report.lag, inFlight: report.inFlight }).toEqual({ lag: 0, inFlight: 0 });
    const page = await this.life.mediator.groups.deadLetters(REF, null, 1000);
    const { messages } = JSON.parse(page.body.toString()) as {
      messages: { position: number; attempts: number }[];
    };
    const dead = messages.map(({ position }) => position);
    // Each message ends in one way: acked, or a dead letter, or acked by a request that got no answer.
    expect(new Set(dead).size).toBe(dead.length);
    expect(report.deadLetters).toBe(dead.length);
    for (const { attempts } of messages) expect(attempts).toBe(MAX_ATTEMPTS);
    for (const position of dead) expect(this.acked.has(position)).toBe(false);
    for (const position of this.published) {
      const isKnown = this.acked.has(position) || dead.includes(position);
      if (!isKnown) expect(this.unsure.has(position)).toBe(true);
    }
    this.life.mediator.close();
  }
}

type Step = (world: World) => void | Promise<void>;
const choices = fc.array(fc.nat(50), { minLength: 1, maxLength: 4 });
const named = (name: string, step: Step) => Object.assign(step, { toString: () => name });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .integer({ min: 1, max: 6 })
      .map((n) => named(`publish ${n}`, (world) => world.publish(n))),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 2, 3, 100), fc.constantFrom(0, 5000, 60_000), fc.nat(5))
      .map(([limit, wait, n]) =>
        named(`receive ${limit} ${wait} ${n > 0}`, (world) => world.receive(limit, wait, n > 0)),
      ),
  },
  {
    weight: 6,
    arbitrary: choices.map((c) => named(`ack ${c.join()}`, (world) => world.ack(c))),
  },
  { weight: 3, arbitrary: choices.map((c) => named(`nack ${c.join()}`, (world) => world.nack(c))) },
  {
    weight: 2,
    arbitrary: choices.map((c) => named(`extend ${c.join()}`, (world) => world.extend(c))),
  },
  { weight: 2, arbitrary: fc.nat(20).map((c) => named(`gone ${c}`, (world) => world.gone(c))) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(100, 3000, 10_100, 25_000, 70_000)
      .map((ms) => named(`time ${ms}`, (world) => world.pass(ms))),
  },
  { weight: 1, arbitrary: fc.constant(named('crash', (world) => world.crash())) },
  {
    weight: 2,
    arbitrary: fc.constant(named('hold appends', (world) => void (world.life.isHolding = true))),
  },
  { weight: 3, arbitrary: fc.constant(named('release', (world) => world.life.release())) },
  { weight: 1, arbitrary: fc.constant(named('strange acks', (world) => world.strange())) },
);

describe('P1, P2: each message is with one member at a time, comes again until it is acked or dead, and is never lost', () => {
  test('whatever members, crashes and time do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const world = new World();
        await world.begin();
        for (const one of steps) {
          await one(world);
          await quiet(3);
          for (const fault of world.faults) throw fault;
        }
        await world.finish();
        for (const fault of world.faults) throw fault;
      }),
      { numRuns: 300 },
    );
  });
});
