import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SliceLedger } from './testing/slice-ledger.js';

type Step =
  | { readonly kind: 'take'; readonly node: number; readonly want: number }
  | { readonly kind: 'store'; readonly node: number; readonly units: number }
  | { readonly kind: 'give back' | 'die'; readonly node: number }
  | { readonly kind: 'pass'; readonly ms: number };

const NODES = 4;
const LEASE_MS = 100;
const node = fc.integer({ min: 0, max: NODES - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), node, want: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('store' as const), node, units: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constantFrom('give back' as const, 'die' as const), node }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 150 }) }),
);

/** Nodes that use their slices as the port demands: nothing that is not granted, nothing after its end. */
class Cluster {
  now = 0;
  stored = 0;
  private readonly slices = new Map<number, { left: number; until: number }>();
  readonly ledger: SliceLedger;

  constructor(private readonly max: number) {
    this.ledger = new SliceLedger({
      max,
      leaseMs: LEASE_MS,
      now: () => this.now,
      stored: () => this.stored,
    });
  }

  run(one: Step): void {
    if (one.kind === 'pass') this.now += one.ms;
    else if (one.kind === 'take') {
      const { granted, until } = this.ledger.take(one.node, one.want);
      if (granted > 0) this.slices.set(one.node, { left: granted, until });
    } else if (one.kind === 'store') {
      const slice = this.slices.get(one.node);
      if (!slice || slice.until <= this.now) return;
      const units = Math.min(slice.left, one.units);
      slice.left -= units;
      this.stored += units;
    } else {
      this.slices.delete(one.node);
      if (one.kind === 'give back') this.ledger.giveBack(one.node);
    }
    expect(this.stored).toBeLessThanOrEqual(this.max);
  }
}

describe('a quota that many nodes share', () => {
  test('is never exceeded, whoever takes, stores, gives back or dies in whatever order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(step, { maxLength: 200 }),
        (max, steps) => {
          const cluster = new Cluster(max);
          for (const one of steps) cluster.run(one);
        },
      ),
    );
  });

  test('comes back: what a dead node had not used another one gets, once its lease is over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(step, { maxLength: 100 }),
        (max, steps) => {
          const cluster = new Cluster(max);
          for (const one of steps) cluster.run(one);
          cluster.now += LEASE_MS + 1;
          for (let i = 0; i < 2 * max && cluster.stored < max; i++) {
            cluster.run({ kind: 'take', node: 0, want: max });
            cluster.run({ kind: 'store', node: 0, units: max });
            cluster.run({ kind: 'give back', node: 0 });
          }
          expect(cluster.stored).toBe(max);
        },
      ),
    );
  });
});
