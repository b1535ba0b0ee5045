/// <reference lib="dom" />
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startChromium, type Chromium } from '../support/chromium.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;

beforeAll(async () => {
  chromium = await startChromium();
}, 60_000);
afterAll(() => chromium?.close());

/** Lighthouse's "slow 4G" as Chromium's developer tools apply it. */
const SLOW_4G = {
  offline: false,
  latency: 150,
  downloadThroughput: (1_638_400 * 0.9) / 8,
  uploadThroughput: (675_000 * 0.9) / 8,
};
const MOST_JAVASCRIPT = 250_000;

/** Bytes are checked; the time is told, since it is the machine's as much as ours. */
test('the first view brings less than 250 kB of JavaScript over a throttled 4G', async () => {
  const visitor = await Visitor.arrive(chromium, site.holdline.apiUrl);
  const { page, context } = visitor;
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', SLOW_4G);
  const scripts = new Map<string, number>();
  const types = new Map<string, string>();
  devtools.on('Network.responseReceived', ({ requestId, type }) => types.set(requestId, type));
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (types.get(requestId) === 'Script') scripts.set(requestId, encodedDataLength);
  });
  const began = performance.now();
  await visitor.open('/login');
  await page.getByLabel('E-mail').fill('somebody@example.com');
  const ms = Math.round(performance.now() - began);
  const bytes = [...scripts.values()].reduce((sum, one) => sum + one, 0);
  process.stdout.write(
    `first view over a throttled 4G: ${ms} ms until it takes input, ${bytes} bytes of JavaScript\n`,
  );
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MOST_JAVASCRIPT);
  await visitor.leave();
});
