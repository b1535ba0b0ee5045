import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import fc from 'fast-check';
import { Turns } from './turns.js';

const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await Promise.resolve();
};

describe('turns before the log', () => {
  test('while there is room nobody waits', () => {
    const turns = new Turns(3, 10);
    for (let i = 0; i < 3; i++) expect(turns.enter('a')).toBeNull();
    expect(turns.enter('a')).toBeInstanceOf(Promise);
  });

  test('P5: a tenant that comes late waits for one turn of each other, not for their whole queue', async () => {
    const turns = new Turns(1, 1000);
    const went: string[] = [];
    const come = (tenant: string) => void turns.enter(tenant)?.then(() => went.push(tenant));
    void turns.enter('a');
    for (let i = 0; i < 100; i++) come('a');
    come('b');
    come('c');
    for (let i = 0; i < 4; i++) {
      turns.leave();
      await settle();
    }
    expect(went).toEqual(['a', 'b', 'c', 'a']);
  });

  test('a tenant’s own queue is bounded, and others still get in line', () => {
    const turns = new Turns(1, 2);
    void turns.enter('a');
    void turns.enter('a');
    void turns.enter('a');
    expect(() => turns.enter('a')).toThrow(Problem);
    expect(turns.enter('b')).toBeInstanceOf(Promise);
  });

  test('everybody goes once, first come first served within a tenant, never more at once than there is room for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.constant(null)), { maxLength: 200 }),
        async (room, order) => {
          const turns = new Turns(room, 1000);
          const inside: string[] = [];
          const went = new Map<string, number[]>();
          let came = 0;
          const go = (tenant: string, n: number): void => {
            inside.push(tenant);
            went.set(tenant, [...(went.get(tenant) ?? []), n]);
            expect(inside.length).toBeLessThanOrEqual(room);
          };
          const leave = async (): Promise<void> => {
            if (inside.length === 0) return;
            inside.shift();
            turns.leave();
            await settle();
          };
          for (const tenant of order) {
            if (tenant === null) {
              await leave();
              continue;
            }
            const n = came++;
            const turn = turns.enter(tenant);
            if (turn) void turn.then(() => go(tenant, n));
            else go(tenant, n);
          }
          while (inside.length > 0) await leave();
          const all = [...went.values()];
          expect(all.flat()).toHaveLength(came);
          for (const numbers of all) expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
          expect(turns.waiting).toBe(0);
        },
      ),
    );
  });
});
