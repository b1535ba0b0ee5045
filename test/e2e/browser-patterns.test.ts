/// <reference lib="dom" />
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { startChromium, type Chromium } from '../support/chromium.js';
import { startGatheringProxy, type GatheringProxy } from '../support/gathering-proxy.js';
import type { Sdk, SdkChannel, SdkClient, SdkMessage } from '../support/sdk.js';
import { useSharedHoldline } from '../support/shared-holdline.js';

/**
 * Every pattern in a real browser: one page of a customer's own site, one script tag, no plug-in and no
 * install. Each client in the page has a token of its own, as two people's pages would.
 */
const site = useSharedHoldline();
let chromium: Chromium;
let pages: Server;
let page: Page;
const complaints: string[] = [];

/** What the page has beside the SDK: clients that are closed after each test, and what comes to them. */
interface Shop {
  readonly Holdline: Sdk['Holdline'];
  clients: SdkClient[];
  connect: (token: string, options?: object) => SdkClient;
  /** Resolves with the data of the first `count` messages. */
  gather: (
    from: Pick<SdkChannel, 'subscribe' | 'ready'>,
    count: number,
    options?: object,
  ) => Promise<{ readonly data: Promise<unknown[]> }>;
}

beforeAll(async () => {
  chromium = await startChromium();
  pages = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Shop</title><script src="${site.client.url}/sdk/holdline.js"></script>`,
    );
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  page = await chromium.browser.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
  });
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  await page.evaluate((url) => {
    const shop = globalThis as unknown as Shop;
    shop.clients = [];
    shop.connect = (token, options = {}) => {
      const client = new shop.Holdline({ url, token, ...options });
      shop.clients.push(client);
      return client;
    };
    shop.gather = async (from, count, options) => {
      const got: unknown[] = [];
      const data = new Promise<unknown[]>((resolve) => {
        from.subscribe((message: SdkMessage) => {
          if (got.push(message.data) === count) resolve(got);
        }, options);
      });
      await from.ready();
      return { data };
    };
  }, site.client.url);
}, 120_000);

afterEach(async () => {
  await page.evaluate(() => {
    for (const client of (globalThis as unknown as Shop).clients.splice(0)) client.close();
  });
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await chromium?.close();
  pages?.closeAllConnections();
  await new Promise((resolve) => (pages ? pages.close(resolve) : resolve(null)));
});

const EVERYTHING = ['publish', 'subscribe', 'history', 'presence'];
const tokens = (...clientIds: string[]): Promise<string[]> =>
  Promise.all(
    clientIds.map((clientId) =>
      site.client.token({ clientId, ttl: 3600, capabilities: { '*': EVERYTHING } }),
    ),
  );

describe('in Chromium, through the SDK', () => {
  test('publish and subscribe, one to many: each of three gets every message, once, in order', async () => {
    const got = await page.evaluate(
      async (all) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const [speaker, ...listeners] = all.map((token) => connect(token).channel('stage'));
        const heard = await Promise.all(listeners.map((one) => gather(one, 5)));
        for (let n = 1; n <= 5; n++) await speaker!.publish(n);
        return Promise.all(heard.map(({ data }) => data));
      },
      await tokens('speaker', 'ann', 'bob', 'cec'),
    );
    expect(got).toEqual(Array(3).fill([1, 2, 3, 4, 5]));
  });

  test('publish and subscribe, many to many: all see one order of what all say', async () => {
    const got = await page.evaluate(
      async (all) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const rooms = all.map((token) => connect(token).channel('table'));
        const heard = await Promise.all(rooms.map((one) => gather(one, 9)));
        await Promise.all(
          rooms.flatMap((one, i) => [0, 1, 2].map((n) => one.publish(`${i}.${n}`))),
        );
        return Promise.all(heard.map(({ data }) => data));
      },
      await tokens('ann', 'bob', 'cec'),
    );
    expect(new Set(got[0]).size).toBe(9);
    expect(got).toEqual([got[0], got[0], got[0]]);
  });

  test('history: what is kept, newest and oldest first, without a hold', async () => {
    const got = await page.evaluate(
      async ([token]) => {
        const room = (globalThis as unknown as Shop).connect(token!).channel('diary');
        await room.publishAll([{ data: 1 }, { data: 2 }, { data: 3 }]);
        const read = async (options: object): Promise<unknown[]> => {
          const data: unknown[] = [];
          for await (const message of room.history(options)) data.push(message.data);
          return data;
        };
        return [await read({ limit: 2 }), await read({ order: 'oldest' })];
      },
      await tokens('ann'),
    );
    expect(got).toEqual([
      [3, 2],
      [1, 2, 3],
    ]);
  });

  test('direct message: it reaches the inbox of one client, stored while nobody is there', async () => {
    const got = await page.evaluate(
      async ([forAnn, forBob]) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const ann = connect(forAnn!);
        const away = await ann.client('bob').send('while away');
        const inbox = await gather(connect(forBob!).inbox, 2, { from: 'start' });
        await ann.client('bob').send('now');
        return { delivered: away.delivered, data: await inbox.data };
      },
      await tokens('ann', 'bob'),
    );
    expect(got).toEqual({ delivered: 0, data: ['while away', 'now'] });
  });

  test('request and reply: the question is held until somebody answers', async () => {
    const got = await page.evaluate(
      async ([forAnn, forBob]) => {
        const { connect } = globalThis as unknown as Shop;
        const answering = connect(forBob!).channel('questions');
        // Who asked can have the reply before who answered is told that it was taken.
        const taken = new Promise((resolve, reject) =>
          answering.subscribe((question) =>
            answering.reply(question, Number(question.data) * 2).then(resolve, reject),
          ),
        );
        await answering.ready();
        const reply = await connect(forAnn!).channel('questions').request(21, { wait: 10 });
        await taken;
        return reply.data;
      },
      await tokens('ann', 'bob'),
    );
    expect(got).toBe(42);
  });

  test('link: what one end sends the other receives, both ways', async () => {
    const made = await site.client.ask('/v1/links/browser', {
      method: 'PUT',
      json: { a: { clientId: 'ann' }, b: { clientId: 'bob' } },
    });
    expect(made.status).toBeLessThan(300);
    const got = await page.evaluate(
      async ([forAnn, forBob]) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const a = connect(forAnn!).link('browser').end('a');
        const b = connect(forBob!).link('browser').end('b');
        const [atA, atB] = await Promise.all([gather(a, 1), gather(b, 1)]);
        await a.send('from a');
        await b.send('from b');
        return [await atA.data, await atB.data];
      },
      await tokens('ann', 'bob'),
    );
    expect(got).toEqual([['from b'], ['from a']]);
  });

  test('presence: who is there, who comes and who goes', async () => {
    const got = await page.evaluate(
      async ([forAnn, forBob]) => {
        const { connect } = globalThis as unknown as Shop;
        const ann = connect(forAnn!).channel('lobby').presence;
        const bob = connect(forBob!).channel('lobby').presence;
        await ann.enter({ mood: 'fine' });
        const events: string[] = [];
        const next = (count: number): Promise<void> =>
          new Promise((resolve) => (heard = () => events.length === count && resolve()));
        let heard = (): unknown => undefined;
        ann.subscribe(({ action, clientId }) => {
          events.push(`${action} ${clientId}`);
          heard();
        });
        await next(1);
        const entered = next(2);
        await bob.enter();
        await entered;
        const members = (await ann.members()).map(({ clientId }) => clientId);
        const left = next(3);
        await bob.leave();
        await left;
        return { events, members };
      },
      await tokens('ann', 'bob'),
    );
    expect(got).toEqual({
      events: ['present ann', 'enter bob', 'leave bob'],
      members: ['ann', 'bob'],
    });
  });

  test('group with acks: each job goes to one worker, and comes again when its handler throws', async () => {
    const made = await site.client.ask('/v1/channels/jobs/groups/workers', {
      method: 'PUT',
      json: { from: 'start' },
    });
    expect(made.status).toBeLessThan(300);
    const got = await page.evaluate(
      async (all) => {
        const { connect } = globalThis as unknown as Shop;
        const done: unknown[] = [];
        const attempts: number[] = [];
        const clients = all.map((token) => connect(token));
        for (const client of clients) client.on('error', () => undefined);
        await new Promise<void>((resolve) => {
          for (const client of clients) {
            client
              .channel('jobs')
              .group('workers')
              .consume(({ data, attempt }) => {
                if (data === 3) attempts.push(attempt);
                if (data === 3 && attempt === 1) throw new Error('not yet');
                if (done.push(data) === 6) resolve();
              });
          }
          void clients[0]!.channel('jobs').publishAll([1, 2, 3, 4, 5, 6].map((data) => ({ data })));
        });
        return { done: done.sort(), attempts };
      },
      await tokens('ann', 'bob'),
    );
    expect(got).toEqual({ done: [1, 2, 3, 4, 5, 6], attempts: [1, 2] });
  });

  test('filters and conflation: only what is wanted, and of that the newest', async () => {
    const got = await page.evaluate(
      async ([token]) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const room = connect(token!).channel('prices');
        const filter = { names: ['tick'] };
        const ticks = await gather(room, 3, { filter });
        const newest = await gather(room, 2, { filter, conflate: 'symbol', window: 1000 });
        const tick = (symbol: string, data: number) => ({
          name: 'tick',
          data,
          headers: { symbol },
        });
        await room.publishAll([
          tick('A', 1),
          { name: 'chat', data: 2 },
          tick('A', 3),
          tick('B', 4),
        ]);
        return [await ticks.data, await newest.data];
      },
      await tokens('ann'),
    );
    expect(got).toEqual([
      [1, 3, 4],
      [3, 4],
    ]);
  });

  test('encryption: the other page reads it, the server has ciphertext alone', async () => {
    const key = randomBytes(32).toString('base64');
    const got = await page.evaluate(
      async ([forAnn, forBob, key]) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const options = { encryption: { keys: { k1: key! }, current: 'k1' } };
        const heard = await gather(connect(forBob!).channel('vault', options), 1);
        await connect(forAnn!).channel('vault', options).publish({ secret: 'canary' });
        return heard.data;
      },
      [...(await tokens('ann', 'bob')), key],
    );
    expect(got).toEqual([{ secret: 'canary' }]);
    const kept = await site.client.ask('/v1/channels/vault/history');
    expect(kept.text).toContain('aes-256-gcm');
    expect(kept.text).not.toContain('canary');
  });

  test('stream: messages come over one answer that goes on, and nothing is held beside it', async () => {
    const requests: string[] = [];
    const note = (request: {
      method(): string;
      url(): string;
      postData(): string | null;
    }): void => {
      const wait = /"wait":(\d+)/.exec(request.postData() ?? '')?.[1];
      const { pathname } = new URL(request.url());
      requests.push(`${request.method()} ${pathname}${wait === undefined ? '' : ` wait=${wait}`}`);
    };
    page.on('request', note);
    const got = await page.evaluate(
      async ([token]) => {
        const { connect, gather } = globalThis as unknown as Shop;
        const client = connect(token!, { transport: 'stream' });
        const works = new Promise((resolve) => client.on('transport', resolve));
        const heard = await gather(client.channel('radio'), 5);
        const change = await works;
        for (let n = 1; n <= 5; n++) await client.channel('radio').publish(n);
        return { change, data: await heard.data };
      },
      await tokens('ann'),
    );
    page.off('request', note);
    expect(got).toEqual({
      change: { transport: 'stream', reason: 'works' },
      data: [1, 2, 3, 4, 5],
    });
    const receives = requests.filter((one) => !one.includes('/channels/'));
    expect(receives).toEqual(['POST /v1/poll wait=0', 'GET /v1/messages']);
  });

  describe('behind a proxy that gathers answers', () => {
    let proxy: GatheringProxy;
    beforeAll(async () => {
      proxy = await startGatheringProxy(site.client.url);
    });
    afterAll(() => proxy?.close());

    test('stream: the page goes back to held requests by itself, and no message is lost or doubled', async () => {
      const got = await page.evaluate(
        async ([token, url]) => {
          const { connect, gather } = globalThis as unknown as Shop;
          const client = connect(token!, { transport: 'stream', url });
          const falls = new Promise((resolve) => client.on('transport', resolve));
          const room = client.channel('gathered');
          const heard = await gather(room, 20);
          for (let n = 1; n <= 10; n++) await room.publish(n);
          const change = await falls;
          for (let n = 11; n <= 20; n++) await room.publish(n);
          return { change, data: await heard.data };
        },
        [...(await tokens('ann')), proxy.url],
      );
      expect(got).toEqual({
        change: { transport: 'hold', reason: 'buffered' },
        data: Array.from({ length: 20 }, (_, i) => i + 1),
      });
      expect(proxy.streamsAsked).toBe(1);
    });
  });
});
