/// <reference lib="dom" />
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { startChromium, type Chromium } from '../support/chromium.js';
import { useHoldline } from '../support/use-holdline.js';

/** What a browser brings by itself, EventSource and WebSocket, on a page of another origin. */
const site = useHoldline();
let chromium: Chromium;
let pages: Server;

beforeAll(async () => {
  chromium = await startChromium();
  pages = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><link rel="icon" href="data:,"><h1>Shop</h1>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
}, 90_000);

afterAll(async () => {
  await chromium?.close();
  pages?.closeAllConnections();
  await new Promise((resolve) => (pages ? pages.close(resolve) : resolve(null)));
});

interface Shop {
  got: unknown[];
  opened: number;
}

async function visit(): Promise<Page> {
  const page = await chromium.browser.newPage();
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  page.setDefaultTimeout(20_000);
  return page;
}

const got = async (page: Page, count: number): Promise<unknown[]> => {
  await page.waitForFunction((n) => (globalThis as unknown as Shop).got.length >= n, count);
  return page.evaluate(() => (globalThis as unknown as Shop).got);
};

test('P4: an EventSource receives, comes back by itself after a restart, and misses nothing', async () => {
  const token = await site.client.token({ capabilities: { shop: ['subscribe'] }, ttl: 3600 });
  const page = await visit();
  await page.evaluate((url) => {
    const window = globalThis as unknown as Shop;
    window.got = [];
    window.opened = 0;
    const source = new EventSource(url);
    source.onopen = () => window.opened++;
    source.onmessage = (event) =>
      window.got.push((JSON.parse(event.data as string) as { data: unknown }).data);
  }, `${site.client.url}/v1/channels/shop/messages?access_token=${token}`);
  await page.waitForFunction(() => (globalThis as unknown as Shop).opened === 1);
  await site.client.publish('shop', [{ data: 1 }, { data: 2 }, { data: 3 }]);
  expect(await got(page, 3)).toEqual([1, 2, 3]);
  await site.holdline.restart();
  await site.client.publish('shop', [{ data: 4 }, { data: 5 }]);
  await page.waitForFunction(() => (globalThis as unknown as Shop).opened === 2);
  await site.client.publish('shop', { data: 6 });
  expect(await got(page, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  await page.close();
}, 90_000);

test('a WebSocket subscribes and publishes', async () => {
  const token = await site.client.token({ clientId: 'ada', ttl: 3600 });
  const page = await visit();
  await page.evaluate(
    (url) => {
      const window = globalThis as unknown as Shop;
      window.got = [];
      const socket = new WebSocket(url, 'holdline.v1');
      const send = (frame: object) => socket.send(JSON.stringify(frame));
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data as string) as { type: string; messages: { data: unknown }[] };
        if (frame.type === 'hello') send({ type: 'subscribe', channels: ['shop-talk'] });
        if (frame.type === 'subscribed')
          send({ type: 'publish', channel: 'shop-talk', messages: [{ data: 'hello' }] });
        if (frame.type === 'messages') window.got.push(...frame.messages);
      };
    },
    `${site.client.url.replace('http', 'ws')}/v1/ws?access_token=${token}`,
  );
  expect(await got(page, 1)).toMatchObject([{ data: 'hello', clientId: 'ada', previous: 0 }]);
  await page.close();
}, 60_000);
