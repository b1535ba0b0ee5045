import { expect, test } from '@jest/globals';
import { JobBook } from './job-book.js';

test('of each job the last end is known, what was wrong, and when it last went well', async () => {
  const clock = { at: 1_000, now: () => clock.at };
  const book = new JobBook(clock as never);
  expect(await book.watch('usage', () => Promise.resolve(5))).toBe(5);
  clock.at = 2_000;
  const failed = book.watch('usage', () => Promise.reject(new Error('It is away.')));
  await expect(failed).rejects.toThrow('It is away.');
  expect(book.list()).toEqual([
    { name: 'usage', okAt: 1_000, endedAt: 2_000, fault: 'It is away.' },
  ]);
  clock.at = 3_000;
  await book.watch('usage', () => Promise.resolve());
  expect(book.of('usage')).toMatchObject({ okAt: 3_000, fault: null });
  expect(book.of('never')).toBeNull();
});
