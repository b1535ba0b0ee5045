/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startChromium, type Chromium } from '../support/chromium.js';
import { signal } from '../support/processes.js';
import { useHoldline } from '../support/use-holdline.js';
import { Visitor } from './visitor.js';

const site = useHoldline({ postgres: 'embedded' });
let chromium: Chromium;
let visitor: Visitor;

beforeAll(async () => {
  chromium = await startChromium();
  visitor = await Visitor.arrive(chromium, site.holdline.apiUrl);
  const { email, password } = site.holdline.demo;
  await visitor.signIn(email, password);
}, 60_000);
afterAll(() => chromium?.close());

const state = () => visitor.page.getByRole('status', { name: 'Service state' });

/** Stopped, not killed: nothing answers and nothing is refused, the worst way to be away. */
async function whileStopped(pids: readonly number[], sees: () => Promise<void>): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  try {
    await sees();
  } finally {
    for (const pid of pids) signal(pid, 'SIGCONT');
  }
}

describe('the dashboard says by itself, and without being reloaded,', () => {
  test.each([
    ['that the database is away', () => site.holdline.postgresPids(), 'The database cannot be'],
    ['that delivery is away', () => [site.holdline.deliveryPid()], 'The delivery server cannot'],
    ['that api is away', () => [site.holdline.apiPid()], 'The control plane does not answer'],
  ])('%s, and when it is back', async (_what, pids, words) => {
    const stopped = pids();
    expect(stopped.length).toBeGreaterThan(0);
    await whileStopped(stopped, () => state().getByText(words).waitFor());
    await state().getByText(words).waitFor({ state: 'detached' });
    await visitor.go('Keys');
    await visitor.heading('Keys');
    await visitor.sees('demo');
    await visitor.go('Overview');
    await visitor.heading('Overview');
  });

  test('and nothing failed in the page meanwhile', () => {
    expect(visitor.complaints).toEqual([]);
  });
});
