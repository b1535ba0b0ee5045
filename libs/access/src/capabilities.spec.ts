import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Capabilities, OPERATIONS } from '#contracts';
import { ALL_CHANNELS, compile, narrow, NO_CAPABILITIES } from './capabilities.js';

const name = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', 'é', '%') });
const literal = name.filter((text) => text !== '' && !text.includes('*'));
const pattern = fc.oneof(
  literal,
  fc.constant('*'),
  literal.map((text) => `${text}:*`),
);
const operation = fc.constantFrom(...OPERATIONS);
const operations = fc.uniqueArray(fc.constantFrom(...OPERATIONS, '*' as const));
const capabilities: fc.Arbitrary<Capabilities> = fc.dictionary(pattern, operations, { maxKeys: 5 });

/** What the protocol says, in the plainest words there are: the oracle. */
function allowsPlainly(map: Capabilities, wanted: string, channel: string): boolean {
  return Object.entries(map).some(([one, list]) => {
    if (wanted === 'admin') return one === '*' && list.includes('admin');
    const isListed = list.some((entry) => entry === wanted || entry === '*');
    const isMeant =
      one === '*' ||
      one === channel ||
      (one.endsWith(':*') && channel.startsWith(one.slice(0, -1)));
    return isListed && isMeant;
  });
}

describe('capabilities', () => {
  test('allow what the protocol says, for every map, operation and channel', () => {
    fc.assert(
      fc.property(capabilities, operation, name, (map, wanted, channel) => {
        expect(compile(map).allows(wanted, channel)).toBe(allowsPlainly(map, wanted, channel));
      }),
      { numRuns: 2_000 },
    );
  });

  test('P5 of a token and its key: what is allowed is allowed by both, and nothing else', () => {
    fc.assert(
      fc.property(capabilities, capabilities, operation, name, (token, key, wanted, channel) => {
        const both = narrow(compile(token), compile(key)).allows(wanted, channel);
        const expected =
          wanted !== 'admin' &&
          allowsPlainly(token, wanted, channel) &&
          allowsPlainly(key, wanted, channel);
        expect(both).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a prefix is the namespace, not names that begin alike', () => {
    const set = compile({ 'room:*': ['subscribe'] });
    expect(set.allows('subscribe', 'room:1')).toBe(true);
    expect(set.allows('subscribe', 'room:1:2')).toBe(true);
    for (const channel of [
      'room',
      'rooms',
      'rooms:1',
      'ROOM:1',
      'xroom:1',
      'room%3A1',
      ' room:1',
      '',
    ]) {
      expect(set.allows('subscribe', channel)).toBe(false);
    }
  });

  test('a channel whose name looks like a pattern gets no more than its name says', () => {
    const set = compile({ room: ['publish'], 'a:b': ['publish'] });
    for (const channel of ['*', 'room:*', 'a:*', '*:*']) {
      expect(set.allows('publish', channel)).toBe(false);
    }
  });

  test('a star in a place that the contract does not know grants nothing', () => {
    for (const odd of ['ro*', '*:a', 'a:*:b', '**', 'a*', ':**', 'room:**']) {
      const set = compile(Object.fromEntries([[odd, ['*' as const]]]));
      for (const channel of [odd, 'room', 'room:1', 'a:b', 'a:x:b', '*', 'a']) {
        expect(set.allows('subscribe', channel)).toBe(false);
      }
    }
  });

  test('names that every object has are channels like others', () => {
    const set = compile({ room: ['*'] });
    for (const channel of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(set.allows('publish', channel)).toBe(false);
    }
    expect(
      compile(Object.fromEntries([['constructor', ['publish' as const]]])).allows(
        'publish',
        'constructor',
      ),
    ).toBe(true);
  });

  test('admin comes only from a key whose pattern * lists it, and never with the star of operations', () => {
    expect(compile({ '*': ['admin'] }).admin).toBe(true);
    expect(compile({ '*': ['*'] }).admin).toBe(false);
    expect(compile({ 'room:*': ['admin'], room: ['admin'] }).admin).toBe(false);
    expect(narrow(compile({ '*': ['admin'] }), compile({ '*': ['admin'] })).admin).toBe(false);
  });

  test('nothing is nothing and all channels is no admin', () => {
    for (const wanted of OPERATIONS) {
      expect(NO_CAPABILITIES.allows(wanted, 'room')).toBe(false);
      expect(ALL_CHANNELS.allows(wanted, 'room')).toBe(wanted !== 'admin');
    }
  });
});
