import { describe, expect, test } from '@jest/globals';
import { Redeliveries, UsageBook, type UsageBatch, type UsageJournal } from '#metering';
import type { Clock } from '#mediator';
import type { Logger } from '#platform';
import { UsageKeeper } from './usage-keeper.js';

/** A keeper on a disk that fails when it is told to, and a clock that the test turns. */
function world() {
  const kept: UsageBatch[] = [];
  const errors: string[] = [];
  const state = { now: 1000, isFull: false };
  const journal = {
    append: async (batch: UsageBatch) => {
      if (state.isFull) throw new Error('ENOSPC');
      kept.push(batch);
    },
    close: async () => undefined,
  } as unknown as UsageJournal;
  const clock: Clock = {
    now: () => state.now,
    monotonic: () => state.now,
    every: () => () => undefined,
  };
  const log = { error: (_: object, text: string) => void errors.push(text) } as unknown as Logger;
  const book = new UsageBook();
  const keeper = new UsageKeeper({ book, redeliveries: new Redeliveries(), journal, clock, log });
  const account = book.account({ tenantId: 't', appId: 'a', keyId: 'k' });
  const deliver = async (messages: number) => {
    state.now += 500;
    book.deliveredOne(account, 'room', messages);
    await keeper.keep();
  };
  const units = () => kept.map(({ rows }) => rows.keys[0]?.units);
  return { state, errors, keeper, deliver, units };
}

describe('bringing counts to the disk', () => {
  test('P6: what a full disk refuses is kept in order, written once there is room, and told once', async () => {
    const { state, errors, deliver, units } = world();
    await deliver(1);
    state.isFull = true;
    await deliver(2);
    await deliver(3);
    expect(units()).toEqual([1]);
    expect(errors).toEqual([expect.stringContaining('free disk space')]);
    state.isFull = false;
    await deliver(4);
    expect(units()).toEqual([1, 2, 3, 4]);
  });

  test('it says that counts are complete only up to what is on the disk', async () => {
    const { state, keeper, deliver } = world();
    await deliver(1);
    expect(keeper.keptTo).toBe(1500);
    state.isFull = true;
    await deliver(2);
    expect(keeper.keptTo).toBe(1500);
    state.isFull = false;
    await deliver(3);
    expect(keeper.keptTo).toBe(2500);
  });
});
