import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KEY_CALLERS } from '#contracts';
import type { Clock } from '#mediator';
import { KeyUseBook } from './key-use-book.js';

function site(mostKeys?: number) {
  let now = 0;
  const clock = { now: () => now } as Clock;
  return {
    book: new KeyUseBook(clock, mostKeys),
    at: (time: number) => {
      now = time;
    },
  };
}

const key = (keyId = 'k') => ({ appId: 'a', keyId, kind: 'key' as const, clientId: null });
const token = (clientId: string) => ({
  ...{ appId: 'a', keyId: 'k', kind: 'token' as const, clientId },
});

describe('who used a key', () => {
  test('each server by address and user agent, with its first and last time', () => {
    const { book, at } = site();
    book.note(key(), '192.0.2.1', 'node');
    at(5);
    book.note(key(), '192.0.2.1', 'curl');
    at(9);
    book.note(key(), '192.0.2.1', 'node');
    expect(book.since(0).rows).toEqual([
      expect.objectContaining({ agent: 'node', firstAt: 0, lastAt: 9, via: 'key' }),
      expect.objectContaining({ agent: 'curl', firstAt: 5, lastAt: 5 }),
    ]);
    expect(book.since(6).rows.map(({ agent }) => agent)).toEqual(['node']);
  });

  test('its tokens together, with the client that came last', () => {
    const { book, at } = site();
    book.note(token('anna'), '192.0.2.1', 'a');
    at(3);
    book.note(token('ben'), '192.0.2.2', undefined);
    expect(book.since(0).rows).toEqual([
      {
        ...{ app: 'a', key: 'k', via: 'token', address: '192.0.2.2', agent: '', client: 'ben' },
        ...{ firstAt: 0, lastAt: 3 },
      },
    ]);
  });

  test('a token without an API key behind it is nobody’s use', () => {
    const { book } = site();
    book.note({ ...token('x'), keyId: 'jwk:a:1' }, '192.0.2.1', 'a');
    expect(book.since(0).rows).toEqual([]);
  });

  test('of many callers those seen last are known, and no more than the bound', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 300 }), (visits) => {
        const { book, at } = site();
        const last = new Map<string, number>();
        visits.forEach((who, time) => {
          at(time);
          book.note(key(), `192.0.2.${who}`, 'x');
          last.set(`192.0.2.${who}`, time);
        });
        const wanted = [...last].sort(([, a], [, b]) => b - a).slice(0, KEY_CALLERS);
        const known = book.since(0).rows.map(({ address, lastAt }) => [address, lastAt]);
        expect(new Map(known as [string, number][])).toEqual(new Map(wanted));
      }),
    );
  });

  test('keys are bounded too: the one that began first is forgotten', () => {
    const { book } = site(2);
    for (const id of ['1', '2', '3']) book.note(key(id), '192.0.2.1', 'x');
    expect(book.since(0).rows.map((row) => row.key)).toEqual(['2', '3']);
  });
});
