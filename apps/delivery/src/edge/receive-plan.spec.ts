import { describe, expect, test } from '@jest/globals';
import { LIMIT, Problem } from '#contracts';
import fc from 'fast-check';
import { ReceivePlans } from './receive-plan.js';

const PATH = '/v1/channels/a/messages';
const parse = (query: string, channel: string | null = 'a') =>
  new ReceivePlans().parse(PATH, query, channel);

describe('the query of a receive', () => {
  test('an empty query reads from now, with no wait said and the default limit', () => {
    expect(parse('')).toEqual({
      cursor: null,
      plan: {
        channels: ['a'],
        from: { kind: 'now' },
        wait: null,
        limit: LIMIT.answerDefaultMessages,
        inbox: false,
        presence: false,
        nextUrl: `${PATH}?cursor=`,
      },
    });
  });

  test.each([
    'cursor=abc&wait=5&limit=7',
    'wait=5&cursor=abc&limit=7',
    'wait=5&limit=7&cursor=abc',
  ])('the cursor is found wherever it stands (%s), and the next URL keeps the rest', (query) => {
    const { cursor, plan } = parse(query);
    expect(cursor).toBe('abc');
    expect(plan).toMatchObject({ wait: 5, limit: 7, nextUrl: `${PATH}?wait=5&limit=7&cursor=` });
  });

  test('`from` is dropped from the next URL: the cursor takes its place', () => {
    expect(parse('from=-3&wait=0').plan).toMatchObject({
      from: { kind: 'last', count: 3 },
      nextUrl: `${PATH}?wait=0&cursor=`,
    });
  });

  test('the same text is worked out once and shared', () => {
    const plans = new ReceivePlans();
    expect(plans.parse(PATH, 'wait=5&cursor=a', 'a').plan).toBe(
      plans.parse(PATH, 'wait=5&cursor=b', 'a').plan,
    );
    expect(plans.parse(PATH, 'wait=6', 'a').plan).not.toBe(plans.parse(PATH, 'wait=5', 'a').plan);
  });

  test('channels come encoded, repeated ones count once', () => {
    expect(parse('channel=room%3A1&channel=b+c&channel=room%3A1', null).plan.channels).toEqual([
      'room:1',
      'b c',
    ]);
  });

  test.each([
    ['wait=301', /wait/],
    ['wait=-1', /wait/],
    ['wait=x', /wait/],
    ['limit=0', /limit/],
    ['limit=1001', /limit/],
    ['from=yesterday', /from/],
    ['curser=x', /curser/],
    ['wait=1&wait=2', /twice/],
    ['cursor=a&cursor=b', /twice/],
    ['cursor=', /empty/],
    ['from=%ff', /UTF-8/],
    ['channel=b', /path names the channel/],
  ])('%s is refused in words', (query, words) => {
    expect(() => parse(query)).toThrow(Problem);
    expect(() => parse(query)).toThrow(words);
  });

  test('P8 more channels than a GET takes: the refusal says the limit', () => {
    const query = Array.from({ length: 201 }, (_, i) => `channel=c${i}`).join('&');
    expect(() => parse(query, null)).toThrow(/POST \/v1\/poll/);
  });

  test('whatever the query is, it is parsed or refused with a Problem', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webQueryParameters()), (query) => {
        try {
          parse(query, null);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
    );
  });
});
