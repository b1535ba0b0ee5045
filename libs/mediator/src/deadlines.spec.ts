import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Deadlines, Timed } from './deadlines.js';
import { ManualClock } from './testing/manual-clock.js';

class Alarm extends Timed {
  rangAt: number | null = null;
  rings = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly then: () => void = () => {},
  ) {
    super();
  }

  expire(): void {
    this.rangAt = this.clock.monotonic();
    this.rings += 1;
    this.then();
  }
}

describe('deadlines', () => {
  test('come once, never early and at most 100 ms late, however far away, unless disarmed', () => {
    const plan = fc.record({
      wait: fc.nat(3000),
      delay: fc.oneof(fc.nat(1000), fc.nat(1_000_000)),
      isDisarmed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 20 }), (plans) => {
        const clock = new ManualClock();
        const deadlines = new Deadlines(clock);
        const set = plans.map(({ wait, delay, isDisarmed }) => {
          clock.advance(wait);
          const alarm = new Alarm(clock);
          deadlines.arm(alarm, delay);
          return { alarm, due: clock.monotonic() + delay, isDisarmed };
        });
        for (const { alarm, isDisarmed } of set) {
          if (isDisarmed && alarm.rings === 0) deadlines.disarm(alarm);
        }
        const disarmed = set.map(({ alarm, isDisarmed }) => isDisarmed && alarm.rings === 0);
        clock.advance(1_000_200);
        set.forEach(({ alarm, due }, i) => {
          expect(alarm.rings).toBe(disarmed[i] ? 0 : 1);
          if (disarmed[i]) return;
          expect(alarm.rangAt).toBeGreaterThanOrEqual(due);
          expect(alarm.rangAt).toBeLessThanOrEqual(due + 100);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('all come after a process was stopped for hours', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const alarms = [10, 5000, 400_000, 2_000_000].map((delay) => {
      const alarm = new Alarm(clock);
      deadlines.arm(alarm, delay);
      return alarm;
    });
    clock.jump(10_000_000);
    expect(alarms.map((alarm) => alarm.rings)).toEqual([1, 1, 1, 1]);
  });

  test('one may disarm another of the same tick, and arm itself again', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const first: Alarm = new Alarm(clock, () => {
      deadlines.disarm(second);
      deadlines.arm(first, 0);
    });
    const second: Alarm = new Alarm(clock, () => {
      deadlines.disarm(first);
      deadlines.arm(second, 0);
    });
    deadlines.arm(first, 100);
    deadlines.arm(second, 100);
    clock.advance(300);
    expect([first.rings, second.rings].sort()).toEqual([0, 5]);
  });

  test('stopped, nothing comes any more', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const alarm = new Alarm(clock);
    deadlines.arm(alarm, 100);
    deadlines.stop();
    clock.advance(1000);
    expect(alarm.rings).toBe(0);
  });
});
