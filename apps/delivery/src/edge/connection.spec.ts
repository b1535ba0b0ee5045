import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import fc from 'fast-check';
import { Connection } from './connection.js';
import { ReceivePlans, type ParsedReceive } from './receive-plan.js';

const PATH = '/v1/channels/news/messages';
const CHANNEL = 'news';

const parts = fc.constantFrom(
  'wait=5',
  'limit=3',
  'from=start',
  'from=-2',
  'name=price',
  'presence=true',
  'cursor=abc',
  'cursor=a%2Bb',
  'cursor=a+b',
  'cursor=',
  'access_token=x',
  'wait=7',
  'nonsense=1',
);
const queries = fc.array(parts, { maxLength: 4 }).map((chosen) => chosen.join('&'));

function parsed(query: string): ParsedReceive | null {
  try {
    return new ReceivePlans().parse(PATH, query, CHANNEL);
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

describe('what is remembered of a connection', () => {
  test('a receive that is recalled is what reading its URL would give, and nothing refused is', () => {
    fc.assert(
      fc.property(queries, queries, (before, now) => {
        const connection = new Connection();
        const first = parsed(before);
        if (first) connection.remember(first.plan);
        const recalled = connection.recall('GET', `${PATH}?${now}`);
        if (recalled === null) return;
        expect(recalled).toEqual(parsed(now));
      }),
    );
  });

  test('the next link of an answer is recalled, for GET alone', () => {
    const { plan } = parsed('wait=5&limit=3') as ParsedReceive;
    const connection = new Connection();
    expect(connection.recall('GET', `${plan.nextUrl}c1`)).toBeNull();
    connection.remember(plan);
    expect(connection.recall('GET', `${plan.nextUrl}c1`)).toEqual({ plan, cursor: 'c1' });
    expect(connection.recall('POST', `${plan.nextUrl}c1`)).toBeNull();
    expect(connection.recall('GET', `${plan.nextUrl}c1&wait=9`)).toBeNull();
    connection.remember((parsed('wait=5&limit=3&from=start') as ParsedReceive).plan);
    expect(connection.recall('GET', `${plan.nextUrl}c1`)).toBeNull();
  });
});
