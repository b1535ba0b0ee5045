/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { BrowserContext, Page } from 'playwright-core';
import { startChromium } from '../support/chromium.js';
import type { Chromium } from '../support/chromium.js';
import { ROOT, startHoldline } from '../support/holdline.js';
import type { Holdline } from '../support/holdline.js';

let holdline: Holdline;
let chromium: Chromium;
let site: Server;
let siteUrl: string;
let docs: string;

/** The first example of its kind in docs/sdk.md, with this Holdline for the one it names. */
function snippet(language: string): string {
  const found = new RegExp('```' + language + '\\n([^]*?)```').exec(docs)?.[1];
  if (found === undefined) throw new Error(`docs/sdk.md has no example in ${language}.`);
  return found.replaceAll('http://127.0.0.1:3001', holdline.deliveryUrl);
}

/** The customer's own site: another origin, one script tag, not a line of ours otherwise. */
const PAGE = (sdk: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>A customer's page</title><script src="${sdk}"></script><h1>Shop</h1></html>`;

beforeAll(async () => {
  [holdline, chromium] = await Promise.all([startHoldline(), startChromium()]);
  docs = await readFile(join(ROOT, 'docs', 'sdk.md'), 'utf8');
  site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    if (request.url === '/holdline-token') {
      void token('somebody', 'room:*').then((text) => response.end(text));
    } else if (request.url === '/docs') {
      response.end(snippet('html'));
    } else {
      response.end(PAGE(`${holdline.deliveryUrl}/sdk/holdline.js`));
    }
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  await chromium?.close();
  site?.closeAllConnections();
  await new Promise((resolve) => (site ? site.close(resolve) : resolve(null)));
  await holdline?.stop();
});

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser asked for and what its console complained of. */
  readonly requests: { method: string; url: URL; type: string; body: string }[];
  readonly complaints: string[];
}

/** Somebody opens a page, in a browser profile of their own. */
async function visit(url: string, dark = false): Promise<Visit> {
  const context = await chromium.browser.newContext({
    colorScheme: dark ? 'dark' : 'light',
    viewport: { width: 1100, height: 760 },
  });
  const page = await context.newPage();
  const requests: Visit['requests'] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    const body = request.postData() ?? '';
    requests.push({ method: request.method(), url, type: request.resourceType(), body });
  });
  page.on('websocket', (socket) => complaints.push(`a WebSocket was opened: ${socket.url()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
  });
  // A page that is not there should say so, and not be waited for.
  page.setDefaultTimeout(15_000);
  const opened = await page.goto(url);
  expect([url, opened?.status()]).toEqual([url, 200]);
  return { page, context, requests, complaints };
}

/** What the customer's page has: the SDK's class, and what their script keeps. */
interface CustomerPage {
  readonly Holdline: new (options: { url: string; token: string }) => {
    channel(name: string): CustomerPage['room'];
    on(event: 'state', listener: (state: { reason?: Error }) => void): void;
  };
  room: {
    publish(data: unknown): Promise<unknown>;
    subscribe(handler: (message: { data: unknown }) => void): void;
    ready(): Promise<void>;
  };
  got: unknown[];
}

/** Connects a customer's page to a channel and gathers what comes, as their own script would. */
async function enter(page: Page, channel: string, token: string): Promise<void> {
  await page.evaluate(
    async ({ url, token, channel }) => {
      const window = globalThis as unknown as CustomerPage;
      window.got = [];
      const holdline = new window.Holdline({ url, token });
      // Nothing here should have to be tried again: say what is wrong instead of waiting.
      const fails = new Promise<never>((_resolve, reject) => {
        holdline.on('state', ({ reason }) => reason && reject(reason));
      });
      window.room = holdline.channel(channel);
      window.room.subscribe((message) => void window.got.push(message.data));
      await Promise.race([window.room.ready(), fails]);
    },
    { url: holdline.deliveryUrl, token, channel },
  );
}

const publish = (page: Page, data: unknown): Promise<unknown> =>
  page.evaluate((data) => (globalThis as unknown as CustomerPage).room.publish(data), data);

async function received(page: Page, count: number): Promise<unknown[]> {
  await page.waitForFunction((n) => (globalThis as unknown as CustomerPage).got.length >= n, count);
  return page.evaluate(() => (globalThis as unknown as CustomerPage).got);
}

async function token(clientId: string, channels = 'chat:*'): Promise<string> {
  const answer = await fetch(`${holdline.deliveryUrl}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${holdline.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ clientId, capabilities: { [channels]: ['publish', 'subscribe'] } }),
  });
  return ((await answer.json()) as { token: string }).token;
}

describe('two browsers', () => {
  test('P2 P3 talk to each other, both ways, over held requests and nothing else', async () => {
    const [ada, bob] = await Promise.all([visit(siteUrl), visit(siteUrl)]);
    await enter(ada.page, 'chat:1', await token('ada'));
    await enter(bob.page, 'chat:1', await token('bob'));
    await publish(ada.page, { from: 'ada', text: 'hello' });
    expect(await received(bob.page, 1)).toEqual([{ from: 'ada', text: 'hello' }]);
    await publish(bob.page, 'and back');
    for (let i = 0; i < 20; i++) await publish(i % 2 === 0 ? ada.page : bob.page, i);
    const all = [
      { from: 'ada', text: 'hello' },
      'and back',
      ...Array.from({ length: 20 }, (_, i) => i),
    ];
    expect(await received(ada.page, all.length)).toEqual(all);
    expect(await received(bob.page, all.length)).toEqual(all);

    for (const { requests, complaints } of [ada, bob]) {
      expect(complaints).toEqual([]);
      const toHoldline = requests.filter(({ url }) => url.origin === holdline.deliveryUrl);
      const kinds = new Set(
        toHoldline.map(({ method, url, type }) => `${method} ${url.pathname}${url.search} ${type}`),
      );
      expect([...kinds].sort()).toEqual([
        'GET /sdk/holdline.js script',
        'POST /v1/channels/chat%3A1/messages fetch',
        'POST /v1/poll fetch',
      ]);
      const held = toHoldline.filter(
        ({ url, body }) =>
          url.pathname === '/v1/poll' && (JSON.parse(body) as { wait: number }).wait > 0,
      );
      expect(held.length).toBeGreaterThan(0);
    }
    await Promise.all([ada.context.close(), bob.context.close()]);
  });

  test('P4 a page that loses its network misses nothing when it is back', async () => {
    const ada = await visit(siteUrl);
    await enter(ada.page, 'chat:2', await token('ada'));
    const publishOutside = (data: unknown): Promise<Response> =>
      fetch(`${holdline.deliveryUrl}/v1/channels/${encodeURIComponent('chat:2')}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${holdline.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ data }),
      });
    await publishOutside('before');
    await received(ada.page, 1);
    await ada.context.setOffline(true);
    await publishOutside('meanwhile 1');
    await publishOutside('meanwhile 2');
    await ada.context.setOffline(false);
    await publishOutside('after');
    expect(await received(ada.page, 4)).toEqual(['before', 'meanwhile 1', 'meanwhile 2', 'after']);
    await ada.context.close();
  });
});

describe('the examples of docs/sdk.md', () => {
  test('the page of 15 lines lets two people talk, and shows a third what was said before', async () => {
    expect(snippet('html').trim().split('\n').length).toBe(15);
    const [ada, bob] = await Promise.all([visit(`${siteUrl}docs`), visit(`${siteUrl}docs`)]);
    await ada.page.getByLabel('Message').fill('Hello, Bob');
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await bob.page.getByRole('listitem').getByText('Hello, Bob').waitFor();
    await ada.page.getByRole('listitem').getByText('Hello, Bob').waitFor();
    const eve = await visit(`${siteUrl}docs`);
    await eve.page.getByRole('listitem').getByText('Hello, Bob').waitFor();
    for (const { page, complaints, context } of [ada, bob, eve]) {
      expect(await page.getByRole('listitem').count()).toBe(1);
      expect(complaints).toEqual([]);
      await context.close();
    }
  });

  test('the program for Node does what it says', async () => {
    const sdk = pathToFileURL(join(ROOT, 'dist', 'sdk', 'node', 'holdline.js')).href;
    const program = snippet('js').replace("'@holdline/sdk'", `'${sdk}'`);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', program],
      { env: { HOLDLINE_KEY: holdline.apiKey }, timeout: 30_000 },
    );
    const lines = stdout.trim().split('\n');
    expect(lines).toContain('created { id: 7 }');
    expect(lines.filter((line) => line.startsWith('kept'))).toEqual([
      'kept all',
      'kept or nothing',
    ]);
  });
});

describe('the page at /try', () => {
  let shots: string;
  beforeAll(async () => {
    shots = await mkdtemp(join(tmpdir(), 'holdline-shots-'));
  });
  afterAll(async () => {
    await rm(shots, { recursive: true, force: true });
  });

  const connect = async ({ page }: Visit, credential: string): Promise<void> => {
    await page.getByLabel('API key or client token').fill(credential);
    await page.getByLabel('Channel').fill('room:try');
    await page.getByRole('button', { name: 'Connect' }).click();
  };

  test('sends and receives in two windows, light and dark, with the key in the field only', async () => {
    const [light, dark] = await Promise.all([
      visit(`${holdline.deliveryUrl}/try`),
      visit(`${holdline.deliveryUrl}/try`, true),
    ]);
    for (const window of [light, dark]) {
      await connect(window, holdline.apiKey);
      await window.page.getByText('Live', { exact: true }).waitFor();
    }
    await light.page.getByLabel('Message').fill('Hello from the light side');
    await light.page.getByRole('button', { name: 'Send' }).click();
    await light.page.getByText(/^Stored at position \d+\.$/).waitFor();
    await dark.page.getByRole('log').getByText('Hello from the light side').waitFor();
    await dark.page.getByLabel('Message').fill('{"x": 1}');
    await dark.page.getByLabel('Message').press('Control+Enter');
    await light.page.getByRole('log').getByText('"x": 1').waitFor();
    for (const [name, window] of Object.entries({ light, dark })) {
      const file = join(shots, `${name}.png`);
      await window.page.screenshot({ path: file, fullPage: true });
      expect((await stat(file)).size).toBeGreaterThan(10_000);
      expect(window.complaints).toEqual([]);
      expect(window.page.url()).toBe(`${holdline.deliveryUrl}/try`);
      for (const { url } of window.requests) expect(url.href).not.toContain(holdline.apiKey);
    }
    const ground = (page: Page): Promise<string> =>
      page
        .locator('body')
        .evaluate(
          (body) => body.ownerDocument.defaultView?.getComputedStyle(body).backgroundColor ?? '',
        );
    expect(await ground(light.page)).not.toBe(await ground(dark.page));
    await Promise.all([light.context.close(), dark.context.close()]);
  });

  test('says in words what is wrong with a key, and what to do', async () => {
    const window = await visit(`${holdline.deliveryUrl}/try`);
    await connect(window, 'hl_test_nobody_wrong');
    await window.page.getByText('Refused', { exact: true }).waitFor();
    const alert = await window.page.getByRole('alert').textContent();
    expect(alert).toContain('Send an API key or a client token');
    await window.page.getByRole('button', { name: 'Connect' }).waitFor();
    await window.context.close();
  });
});
