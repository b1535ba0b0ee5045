import { beforeAll, describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { paged, refused } from '../support/wire.js';

/** Protocol, "Receive": /history pages without holding. */
const site = useSharedHoldline();
const COUNT = 25;
let positions: number[] = [];

beforeAll(async () => {
  const answer = await site.client.publish(
    'h',
    Array.from({ length: COUNT }, (_, data) => ({ data })),
  );
  positions = answer.messages.map((one) => one.position);
});

const page = async (query: Record<string, string | number | undefined> = {}) => {
  const { messages } = await site.client.history('h', query);
  return messages.map((one) => one.data as number);
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe('history', () => {
  test('is newest first; order=oldest turns it round', async () => {
    expect(await page()).toEqual(numbers(0, COUNT).reverse());
    expect(await page({ order: 'newest', limit: 3 })).toEqual([24, 23, 22]);
    expect(await page({ order: 'oldest', limit: 3 })).toEqual([0, 1, 2]);
  });

  test('before and after are positions, both left out themselves', async () => {
    expect(await page({ before: positions[5] })).toEqual([4, 3, 2, 1, 0]);
    expect(await page({ after: positions[21], order: 'oldest' })).toEqual([22, 23, 24]);
    expect(await page({ after: positions[3], before: positions[7] })).toEqual([6, 5, 4]);
    expect(await page({ after: positions[3], before: positions[7], order: 'oldest' })).toEqual([
      4, 5, 6,
    ]);
    expect(await page({ after: positions[24] })).toEqual([]);
    expect(await page({ before: positions[0] })).toEqual([]);
  });

  test.each(['newest', 'oldest'])(
    'P4: Link leads through every page, %s first, and ends',
    async (order) => {
      const got: number[] = [];
      let path: string | undefined = channelPath('h', { order, limit: 7 }, 'history');
      for (let n = 0; path !== undefined && n < 10; n++) {
        const reply = await site.client.ask(path);
        got.push(...paged(reply).messages.map((one) => one.data as number));
        const target = /<([^>]+)>; ?rel="?next"?/.exec(String(reply.headers['link'] ?? ''))?.[1];
        path =
          target === undefined
            ? undefined
            : new URL(target, site.client.url + path).href.slice(site.client.url.length);
      }
      expect(path).toBeUndefined();
      expect(got).toEqual(order === 'oldest' ? numbers(0, COUNT) : numbers(0, COUNT).reverse());
    },
  );

  test('its messages are as a receiver gets them, chain and all', async () => {
    const old = (await site.client.history('h', { order: 'oldest' })).messages;
    const live = (await site.client.receive('h', { from: 'start' })).messages;
    expect(old).toEqual(live);
  });

  test('its cursor leads a receive on behind the newest message', async () => {
    const { cursor } = await site.client
      .publish('lead', { data: 1 })
      .then(() => site.client.history('lead'));
    await site.client.publish('lead', { data: 2 });
    expect((await site.client.receive('lead', { cursor })).messages.map((one) => one.data)).toEqual(
      [2],
    );
  });

  test('of a channel that nobody used is empty', async () => {
    expect((await site.client.history('never-used')).messages).toEqual([]);
  });

  test.each([
    { limit: 0 },
    { limit: 1001 },
    { before: -1 },
    { after: 'x' },
    { order: 'random' },
    { befor: 1 },
  ])('%j is refused', async (query) => {
    refused(await site.client.ask(channelPath('h', query, 'history')), 400, 'invalid_request');
  });

  test('needs the history capability', async () => {
    const token = await site.client.token({ capabilities: { h: ['subscribe', 'publish'] } });
    refused(await site.client.as(token).ask(channelPath('h', {}, 'history')), 403, 'forbidden');
  });
});
