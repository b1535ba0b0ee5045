import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PathHolds } from './path-holds.js';

const LONGEST = 300_000;
const ASKED = 55_000;

/** A path that ends every connection that is quiet for `cutAt`, with one client that polls on and on. */
function drive(cutAt: () => number, rounds: number) {
  const paths = new PathHolds(LONGEST);
  let now = 0;
  const ages: { age: number; cut: boolean; trial: boolean }[] = [];
  for (let i = 0; i < rounds; i++) {
    const limit = paths.find('p')?.limit(ASKED, now) ?? null;
    const hold = limit?.ms ?? ASKED;
    const trial = limit?.isTrial ?? false;
    const cut = hold > cutAt();
    const age = Math.min(hold, cutAt());
    now += age + 300;
    if (cut) paths.note('p').cut(age, now, trial);
    else paths.find('p')?.lasted(age, trial);
    ages.push({ age, cut, trial });
  }
  return { ages, paths };
}

describe('holds that a path keeps cutting', () => {
  test('end just short of the cut after three that agree, and none is cut after that', () => {
    const { ages } = drive(() => 30_000, 20);
    expect(ages.slice(0, 3).every(({ cut }) => cut)).toBe(true);
    expect(ages.slice(3).every(({ age, cut }) => !cut && age === 27_000)).toBe(true);
  });

  test('whatever the age, within a tenth: only trials are ever cut again, and they become rare', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2_000, max: 50_000 }),
        fc.array(fc.double({ min: 0, max: 0.09, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (base, jitter) => {
          let i = 0;
          const { ages } = drive(() => base * (1 + (jitter[i++ >> 1] ?? 0)), 600);
          const late = ages.slice(3);
          expect(late.filter(({ cut, trial }) => cut && !trial)).toEqual([]);
          expect(late.filter(({ cut }) => cut).length).toBeLessThanOrEqual(6);
          for (const { age } of late) expect(age).toBeGreaterThanOrEqual(base * 0.85);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('grow back when the path no longer cuts', () => {
    let cutAt = 20_000;
    const paths = drive(() => cutAt, 5).paths;
    cutAt = Number.POSITIVE_INFINITY;
    let now = 1e9;
    let hold = 0;
    for (let i = 0; i < 400 && hold < ASKED; i++) {
      const limit = paths.find('p')?.limit(ASKED, now);
      hold = limit?.ms ?? ASKED;
      now += hold;
      paths.find('p')?.lasted(hold, limit?.isTrial ?? false);
    }
    expect(hold).toBe(ASKED);
  });

  test('a path that begins to cut sooner is learned anew', () => {
    const { paths } = drive(() => 30_000, 5);
    for (let i = 1; i <= 3; i++) paths.note('p').cut(10_000, i * 20_000, false);
    expect(paths.find('p')?.limit(ASKED, 1e6)).toEqual({ ms: 9_000, isTrial: false });
  });

  test('with ten holds at once too: after three cuts none more for five minutes', () => {
    const paths = new PathHolds(LONGEST);
    const CUT = 20_000;
    const cuts: number[] = [];
    // Ten clients, two seconds apart, each with one hold after the other.
    const holds = Array.from({ length: 10 }, (_, i) => ({
      since: i * 2_000,
      ends: 0,
      trial: false,
    }));
    const begin = (hold: (typeof holds)[number], now: number) => {
      const limit = paths.find('p')?.limit(ASKED, now) ?? null;
      hold.since = now;
      hold.trial = limit?.isTrial ?? false;
      hold.ends = now + Math.min(limit?.ms ?? ASKED, CUT);
    };
    for (const hold of holds) begin(hold, hold.since);
    for (let now = 0; now < 30 * 60_000; now += 100) {
      for (const hold of holds) {
        if (hold.ends > now) continue;
        const age = now - hold.since;
        if (age >= CUT) {
          paths.note('p').cut(age, now, hold.trial);
          cuts.push(now);
        } else paths.find('p')?.lasted(age, hold.trial);
        begin(hold, now);
      }
    }
    // Those that were held already when the third was cut are cut too; nobody is after that.
    const learned = cuts[2] as number;
    const later = cuts.filter((at) => at > learned + CUT);
    expect(later.filter((at) => at < learned + CUT + 5 * 60_000)).toEqual([]);
    expect(later.length).toBeLessThanOrEqual(3);
  });

  test('a path that cuts just where the hold would end is learned as well', () => {
    for (const cutAt of [ASKED - 20, ASKED * 0.98]) {
      const { ages } = drive(() => cutAt, 10);
      expect(ages.slice(0, 3).every(({ cut }) => cut)).toBe(true);
      expect(ages.slice(3).filter(({ cut }) => cut)).toEqual([]);
    }
  });

  test('a hold that was shortened and is cut just before its end is learned anew', () => {
    const paths = drive(() => 30_000, 5).paths;
    for (let i = 0; i < 3; i++) paths.note('p').cut(26_900, 1e6 + i * 30_000, false);
    expect(paths.find('p')?.limit(ASKED, 1.1e6)?.ms).toBeLessThan(26_000);
  });
});

describe('what changes nothing', () => {
  test('people who leave at random, while others stay longer', () => {
    const paths = new PathHolds(LONGEST);
    for (let i = 0; i < 200; i++) {
      paths.note('p').cut(2_000 + ((i * 7919) % 50_000), i * 1_000, false);
      paths.find('p')?.lasted(ASKED, false);
      expect(paths.find('p')?.limit(ASKED, i * 1_000) ?? null).toBeNull();
    }
    paths.find('p')?.lasted(2 * ASKED, false);
    expect(paths.find('p')).toBeNull();
    expect(paths.isEmpty).toBe(true);
  });

  test('a router that restarts: all at one moment is one cut', () => {
    const paths = new PathHolds(LONGEST);
    for (let i = 0; i < 50; i++) paths.note('p').cut(20_000, 1_000 + i, false);
    expect(paths.find('p')?.limit(ASKED, 2_000)).toBeNull();
  });

  test('clients that give up at once, and cuts of long ago', () => {
    const paths = new PathHolds(LONGEST);
    for (let i = 0; i < 9; i++) paths.note('p').cut(500, i * 1_000, false);
    expect(paths.find('p')).toBeNull();
    for (let i = 0; i < 9; i++) paths.note('p').cut(20_000, i * 3_600_000, false);
    expect(paths.find('p')?.limit(ASKED, 1e9)).toBeNull();
  });

  test('another path', () => {
    const paths = new PathHolds(LONGEST);
    for (let i = 0; i < 3; i++) paths.note('a').cut(20_000, i * 20_000, false);
    expect(paths.find('a')?.limit(ASKED, 1e6)).not.toBeNull();
    expect(paths.find('b')).toBeNull();
  });
});

test('as many paths are known as there is room for; those cut longest ago go first', () => {
  const paths = new PathHolds(LONGEST, 3);
  for (const key of ['a', 'b', 'c', 'a', 'd']) paths.note(key).cut(20_000, 1_000, false);
  expect(['a', 'b', 'c', 'd'].map((key) => paths.find(key) !== null)).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(paths.size).toBe(3);
});
