import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Problem } from '#contracts';
import { ModelEngine } from '#engine';
import type { AppendResult, Engine } from '#engine';
import { Mediator } from '../mediator.js';
import { APP, ownerOf } from '../testing/bench.js';
import { ManualClock, quiet } from '../testing/manual-clock.js';
import { AckIds } from './ack-ids.js';

const REF = { app: APP, channel: 'jobs', group: 'workers' };
const SECRET = Buffer.alloc(32, 7);

interface Got {
  readonly messages: readonly { position: number; data: number; attempt: number; ackId: string }[];
  readonly lost: unknown;
}

class Site {
  readonly clock = new ManualClock();
  readonly model = new ModelEngine({ clock: this.clock });
  /** What the log says to the next append of a group instead of storing it. */
  refusal: AppendResult | null = null;
  private ids = 0;

  async begin(mediator: Mediator, from: 'now' | 'start' = 'now', maxAttempts = 0): Promise<void> {
    const start = { text: from, from: { kind: from } as const };
    await mediator.groups.put(REF, { from: start, visibility: null, maxAttempts });
  }

  mediator(): Mediator {
    const append: Engine['append'] = (order) => {
      const { refusal } = this;
      this.refusal = null;
      return refusal ? Promise.resolve(refusal) : this.model.append(order);
    };
    const engine = new Proxy(this.model, {
      get(target, name) {
        if (name === 'append') return append;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const newId = () => `id-${++this.ids}`;
    return new Mediator({ engine, clock: this.clock, cursorSecret: SECRET, newId });
  }

  async publish(count: number): Promise<void> {
    await this.model.append({
      channel: { app: APP, name: 'jobs' },
      retention: { seconds: 86_400, messages: null },
      entries: Array.from({ length: count }, (_, i) => ({
        id: '',
        idempotent: false,
        payload: Buffer.from(`"id":"x","data":${i}`),
      })),
    });
  }

  async receive(mediator: Mediator, limit = 1000): Promise<Got | Problem> {
    let got: Got | Problem | null = null;
    mediator.groups.receive(
      { ref: REF, owner: ownerOf(APP), waitMs: 0, limit, visibility: null },
      {
        answer: ({ body }) => (got = JSON.parse(body.toString()) as Got),
        refuse: (problem) => (got = problem),
      },
    );
    await quiet();
    return got as unknown as Got | Problem;
  }

  async got(mediator: Mediator, limit?: number): Promise<Got> {
    const got = await this.receive(mediator, limit);
    if (!('messages' in got)) throw got;
    return got;
  }
}

const ackOf = (got: Got) => ({
  ack: got.messages.map(({ ackId }) => ackId),
  nack: [],
  extend: [],
});

describe('what the log does not take', () => {
  test.each<[string, AppendResult, string]>([
    ['is full', { ok: false, kind: 'definite', code: 'storage_full' }, 'storage_full'],
    ['says nothing', { ok: false, kind: 'indefinite', code: 'timeout' }, 'unavailable'],
    ['drains', { ok: false, kind: 'definite', code: 'draining' }, 'draining'],
  ])(
    'P8: when it %s, nobody is told of an ack, and the message comes again',
    async (_, refusal, code) => {
      const site = new Site();
      const mediator = site.mediator();
      await site.begin(mediator);
      await site.publish(1);
      const got = await site.got(mediator);
      site.refusal = refusal;
      await expect(mediator.groups.settle(REF, ackOf(got))).rejects.toMatchObject({ code });
      // Read anew from the journal: the handing out is known, so the same id still counts.
      expect(await mediator.groups.settle(REF, ackOf(got))).toMatchObject([{ status: 'acked' }]);
      mediator.close();
    },
  );

  test('a handing out that it did not take reaches nobody, and its message is there for the next', async () => {
    const site = new Site();
    const mediator = site.mediator();
    await site.begin(mediator);
    await site.publish(1);
    site.refusal = { ok: false, kind: 'definite', code: 'storage_full' };
    expect(await site.receive(mediator)).toMatchObject({ code: 'storage_full' });
    expect((await site.got(mediator)).messages).toMatchObject([{ data: 0, attempt: 1 }]);
    mediator.close();
  });
});

test('P1: of two nodes that take themselves for the owner of a group, the log refuses one before it has answered', async () => {
  const site = new Site();
  const [one, two] = [site.mediator(), site.mediator()];
  await site.begin(one);
  await site.publish(2);
  expect((await site.got(two, 1)).messages).toMatchObject([{ data: 0 }]);
  // The first has its own idea of where the group stands.
  expect(await site.receive(one, 1)).toMatchObject({ code: 'unavailable' });
  expect((await site.got(one, 1)).messages).toMatchObject([{ data: 1 }]);
  one.close();
  two.close();
});

test('recovery over many snapshots: what was acked stays so, the rest comes again', async () => {
  const site = new Site();
  let mediator = site.mediator();
  await site.begin(mediator);
  const kept: number[] = [];
  for (let n = 0; n < 1300; n++) {
    await site.publish(1);
    const got = await site.got(mediator);
    expect(got.messages).toHaveLength(1);
    if (n % 100 === 0) kept.push(got.messages[0]!.position);
    else await mediator.groups.settle(REF, ackOf(got));
  }
  mediator.close();
  mediator = site.mediator();
  expect(await mediator.groups.report(REF)).toMatchObject({ inFlight: kept.length, lag: 0 });
  for (let s = 0; s < 40; s++) {
    site.clock.advance(1000);
    await quiet(1);
  }
  const again = await site.got(mediator);
  expect(again.messages.map(({ position }) => position)).toEqual(kept);
  mediator.close();
}, 30_000);

test('P4: another log is told as lost, and nothing that was kept is handed out anew', async () => {
  const site = new Site();
  const mediator = site.mediator();
  await site.begin(mediator);
  await site.publish(2);
  await mediator.groups.settle(REF, ackOf(await site.got(mediator)));
  site.model.changeEpoch();
  await site.publish(1);
  const got = await site.got(mediator);
  expect(got.lost).toEqual({ reason: 'epoch' });
  expect(got.messages).toHaveLength(1);
  mediator.close();
});

test('10 000 messages in flight are all that a group hands out; an ack makes room for one more', async () => {
  const site = new Site();
  const mediator = site.mediator();
  await site.publish(10_050);
  await site.begin(mediator, 'start');
  const all: Got[] = [];
  for (let n = 0; n < 11; n++) all.push(await site.got(mediator));
  expect(all.reduce((sum, one) => sum + one.messages.length, 0)).toBe(10_000);
  expect(all.at(-1)!.messages).toEqual([]);
  await mediator.groups.settle(REF, ackOf({ ...all[0]!, messages: all[0]!.messages.slice(0, 3) }));
  expect((await site.got(mediator)).messages).toHaveLength(3);
  mediator.close();
}, 30_000);

test('an ackId is read back, and with any character changed is no id', () => {
  const ids = new AckIds(AckIds.key(SECRET), REF, 'generation');
  const natural = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(natural, natural, fc.nat(), fc.nat(63), (position, serial, at, other) => {
      const text = ids.encode({ position, serial });
      expect(ids.decode(text)).toEqual({ position, serial });
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const i = at % text.length;
      const changed = text.slice(0, i) + alphabet[other]! + text.slice(i + 1);
      if (changed !== text) expect(ids.decode(changed)).toBeNull();
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => expect(ids.decode(text)).toBeNull()));
  const elsewhere = new AckIds(AckIds.key(SECRET), { ...REF, group: 'other' }, 'generation');
  expect(elsewhere.decode(ids.encode({ position: 1, serial: 1 }))).toBeNull();
});
