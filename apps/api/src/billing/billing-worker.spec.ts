import { expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { JobBook } from '../data/job-book.js';
import { BillingWorker } from './billing-worker.js';

test('when the clock was moved invoices are looked at once more at once, also when that was under way', async () => {
  const clock = {
    movedMs: 0,
    moved: () => undefined as void,
    onMove(listener: () => void) {
      this.moved = listener;
    },
  };
  const parts = { clock, guard: { run: () => Promise.resolve([]) } };
  const worker = new BillingWorker(
    ...([parts as never, {} as never, {} as never, {} as never] as const),
    new JobBook({ now: () => 0 } as never),
  );
  const begun: (() => void)[] = [];
  worker.invoice = () => new Promise((resolve) => void begun.push(resolve));
  worker.start();
  while (begun.length < 1) await turn();
  clock.movedMs = 1000;
  clock.moved();
  begun[0]?.();
  while (begun.length < 2) await turn();
  begun[1]?.();
  await turn();
  clock.movedMs = 2000;
  clock.moved();
  while (begun.length < 3) await turn();
  begun[2]?.();
  await worker.close();
  expect(begun).toHaveLength(3);
});
