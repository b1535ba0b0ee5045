import { expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { StripeJobs } from './stripe-jobs.js';

const nothing = { run: () => Promise.resolve(0) };
const book = { watch: <T>(_name: string, work: () => Promise<T>) => work() };
const log = { warn: () => undefined, error: () => undefined };

/** @param send what the job of the hours does, each time */
function jobsWith(send: () => Promise<void>): StripeJobs {
  const adapter = {
    ...{ seal: () => Promise.resolve(0), send, reconciliation: nothing },
    catalogue: { sync: () => Promise.resolve() },
  };
  const inbox = { prune: () => Promise.resolve() };
  const parts = { adapter, inbox, worker: nothing, sweep: nothing, book, log };
  return new StripeJobs(parts as unknown as ConstructorParameters<typeof StripeJobs>[0]);
}

test('when the clock was moved each job runs at once, also one that was running by the time before', async () => {
  const begun: (() => void)[] = [];
  const jobs = jobsWith(() => new Promise((resolve) => void begun.push(resolve)));
  jobs.start();
  while (begun.length < 1) await turn();
  jobs.hurry();
  begun[0]?.();
  while (begun.length < 2) await turn();
  begun[1]?.();
  await turn();
  jobs.hurry();
  while (begun.length < 3) await turn();
  begun[2]?.();
  await jobs.stop();
  jobs.hurry();
  await turn();
  expect(begun).toHaveLength(3);
});
