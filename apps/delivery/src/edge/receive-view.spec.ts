import { describe, expect, test } from '@jest/globals';
import { PollBody, Problem } from '#contracts';
import { ReceivePlans } from './receive-plan.js';
import { viewOf } from './receive-view.js';

const PATH = '/v1/channels/a/messages';
const plan = (query: string) => new ReceivePlans().parse(PATH, query, 'a').plan;

describe('what a receive asks for beside its channels', () => {
  test('nothing, or no window: no view, so that the plain way is taken', () => {
    expect(plan('wait=5').view).toBeUndefined();
    expect(plan('window=0').view).toBeUndefined();
    expect(viewOf({})).toBeUndefined();
  });

  test('names, headers, conflation and window; the next URL keeps them', () => {
    const { view, nextUrl } = plan(
      'name=chat&name=chat.*&header.lang=en&header.lang=de&conflate=key&window=250&cursor=x',
    );
    expect(view).toMatchObject({
      names: ['chat', 'chat.*'],
      headers: { lang: ['de', 'en'] },
      conflate: 'key',
      windowMs: 250,
    });
    expect(nextUrl).toBe(
      `${PATH}?name=chat&name=chat.*&header.lang=en&header.lang=de&conflate=key&window=250&cursor=`,
    );
  });

  test('the same wish has the same key, in whatever order and by whichever route', () => {
    const body = PollBody.parse({
      subscriptions: [{ channels: ['a'] }],
      filter: { names: ['b', 'a'], headers: { y: ['1'], x: ['2'] } },
    });
    expect(plan('header.x=2&name=a&header.y=1&name=b&name=a').view?.key).toBe(viewOf(body)?.key);
    expect(plan('name=a').view?.key).not.toBe(plan('name=b').view?.key);
  });

  test('a header of any name is a header', () => {
    expect(Object.entries(plan('header.constructor=1').view?.headers ?? {})).toEqual([
      ['constructor', ['1']],
    ]);
  });

  test.each([
    ['name=', /names\/0.*empty/],
    ['name=a*b', /names\/0.*end of a pattern/],
    ['name=**', /end of a pattern/],
    ['header.=1', /headers/],
    ['header.x=', /headers\/x\/0.*empty/],
    ['header.__proto__=1', /filter/],
    ['conflate=', /conflate/],
    ['conflate=a&conflate=b', /twice/],
    ['window=5001', /window.*5000/],
    ['window=-1', /window/],
    ['window=1e3', /window/],
    ['window=1&window=1', /twice/],
    [Array.from({ length: 51 }, (_, i) => `name=n${i}`).join('&'), /at most 50/],
    [Array.from({ length: 17 }, (_, i) => `header.h${i}=1`).join('&'), /at most 16/],
  ])('P8 %.40s is refused, and the refusal names the place', (query, words) => {
    expect(() => plan(query)).toThrow(Problem);
    expect(() => plan(query)).toThrow(words);
  });
});
