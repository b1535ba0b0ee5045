/// <reference lib="dom" />
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
beforeAll(async () => {
  chromium = await startChromium();
}, 60_000);
afterAll(() => chromium?.close());

const PER_SECOND = 200;
const SECONDS = 10;
const BATCH = 4;
const ALL = PER_SECOND * SECONDS;

interface Watched {
  longTasks?: number[];
}

/** That all are shown is checked; how smooth it was is told, since it is the machine's as much as ours. */
test(`the console shows ${PER_SECOND} messages a second, each of them`, async () => {
  const owner = await ControlPlane.signUp(site.holdline.apiUrl);
  const [app] = await owner.list<{ id: string }>('/v1/apps');
  const { key } = await owner.createKey(app?.id ?? '');
  const client = await new DeliveryClient(site.holdline.deliveryUrl, key).known();
  const visitor = await Visitor.arrive(chromium, site.holdline.apiUrl);
  await visitor.signIn(owner.email, owner.password);
  await visitor.open(`/apps/${app?.id}/console?channels=busy`);
  const { page } = visitor;
  await page.getByText('live', { exact: true }).waitFor();
  await page.evaluate(() => {
    const tasks: number[] = [];
    (window as Watched).longTasks = tasks;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ type: 'longtask' });
    // One that is surely long: a measure that sees nothing would praise anything.
    setTimeout(() => {
      for (const until = performance.now() + 80; performance.now() < until;);
    });
  });
  await page.waitForFunction(() => (window as Watched).longTasks?.shift() !== undefined);
  const stored: Promise<unknown>[] = [];
  const began = performance.now();
  for (let n = 0; n < ALL; n += BATCH) {
    // The pace is what is tried; messages wait for each other's flush as little as those of many servers do.
    const early = (n * 1000) / PER_SECOND - (performance.now() - began);
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const batch = Array.from({ length: BATCH }, (_none, at) => ({
      ...{ name: 'tick', data: { n: n + at, text: 'What a class says' } },
    }));
    stored.push(client.publish('busy', batch));
  }
  await Promise.all(stored);
  const seconds = (performance.now() - began) / 1000;
  await page.getByText(`${ALL.toLocaleString('en-US')} received`).waitFor();
  const tasks = await page.evaluate(() => (window as Watched).longTasks ?? []);
  const longest = Math.round(Math.max(0, ...tasks));
  process.stdout.write(
    `the console at ${Math.round(ALL / seconds)} messages a second: ${tasks.length} tasks over 50 ms, the longest ${longest} ms\n`,
  );
  expect(visitor.complaints).toEqual([]);
  await visitor.leave();
}, 60_000);
