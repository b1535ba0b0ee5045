import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let user: SignedUp;
beforeAll(async () => {
  t = await startTestApi();
  user = await t.signUp();
});
afterEach(() => {
  t.delivery.answer = null;
});
afterAll(() => t.stop());

const PAGE = {
  data: [{ name: 'room:1', receivers: 2, members: 1, position: 42 }],
  hasMore: true,
};

describe('live channels', () => {
  test('are asked of delivery for this app, with the page that was wanted', async () => {
    const asked: URL[] = [];
    t.delivery.answer = ({ url }) => {
      asked.push(new URL(url));
      return { status: 200, body: PAGE };
    };
    const path = `/v1/apps/${user.appId}/channels`;
    const answer = await user.call('GET', `${path}?prefix=room%3A&limit=1&after=room%3A0`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(PAGE);
    expect(asked.map(({ pathname, searchParams }) => [pathname, ...searchParams])).toEqual([
      [
        '/internal/channels',
        ['app', user.appId],
        ['limit', '1'],
        ['after', 'room:0'],
        ['prefix', 'room:'],
      ],
    ]);
  });

  test.each([
    [
      'groups',
      'channel=jobs&limit=1&after=WyJqb2JzIiwiYSJd',
      {
        data: [
          {
            ...{ channel: 'jobs', group: 'workers', lag: 3, lagIsMore: true, waiting: 1 },
            ...{ inFlight: 2, deadLetters: 0, members: 1, visibility: 30, maxAttempts: 5 },
            createdAt: '2026-01-01T00:00:00.000Z',
          },
        ],
        hasMore: false,
        next: null,
      },
    ],
    [
      'clients',
      'prefix=a&limit=1&after=al',
      {
        data: [
          {
            ...{ clientId: 'ann', node: 'node-1', since: '2026-01-01T00:00:00.000Z', holds: 1 },
            ...{ inbox: { channel: 'inbox:ann', position: 4 }, presentIn: ['lobby'] },
          },
        ],
        hasMore: true,
      },
    ],
  ])('so are its %s', async (what, query, page) => {
    const asked: URL[] = [];
    t.delivery.answer = ({ url }) => {
      asked.push(new URL(url));
      return { status: 200, body: page };
    };
    const answer = await user.call('GET', `/v1/apps/${user.appId}/${what}?${query}`);
    expect([answer.status, answer.body]).toEqual([200, page]);
    const [url] = asked as [URL];
    expect(url.pathname).toBe(`/internal/${what}`);
    const wanted = new URLSearchParams(`app=${user.appId}&${query}`);
    expect(Object.fromEntries(url.searchParams)).toEqual(Object.fromEntries(wanted));
  });

  test('while delivery is away the answer is 503, says so and is worth a retry', async () => {
    const answer = await user.call('GET', `/v1/apps/${user.appId}/channels`);
    expect(answer.status).toBe(503);
    expect(answer.body.code).toBe('unavailable');
    expect(answer.body.detail).toContain('delivery');
    expect(answer.headers['retry-after']).toBeDefined();
    expect(t.log()).toContain('ECONNREFUSED');
  });

  test('P5: of another tenant’s app delivery is not even asked', async () => {
    const other = await t.signUp();
    t.delivery.answer = () => {
      throw new Error('it was asked');
    };
    for (const what of ['channels', 'groups', 'clients']) {
      const answer = await other.call('GET', `/v1/apps/${user.appId}/${what}`);
      expect(answer.status).toBe(404);
    }
  });
});
