import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createKey,
  createSigningSecret,
  hashSecret,
  holdsKey,
  KEY_PATTERN,
  parseKey,
  secretMatches,
} from './key-format.js';

const pepper = Buffer.alloc(32, 1);
const mode = fc.constantFrom('live' as const, 'test' as const);
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('the key format', () => {
  test('a fixed key stays readable: the format never changes under keys already given out', () => {
    const bytes = (size: number) => Uint8Array.from({ length: size }, (_, index) => index);
    const made = createKey('live', bytes);
    expect(made.key).toBe('hl_live_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV1baIbz');
    expect(parseKey(made.key)).toEqual({
      mode: 'live',
      keyId: '0123456789AB',
      secret: '0123456789ABCDEFGHIJKLMNOPQRSTUV',
    });
  });

  test('every key made is read back, with the same parts', () => {
    fc.assert(
      fc.property(mode, (wanted) => {
        const { key, keyId, secret } = createKey(wanted);
        expect(key).toMatch(/^hl_(live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
        expect(parseKey(key)).toEqual({ mode: wanted, keyId, secret });
      }),
    );
  });

  test('one changed character is found by the checksum, without asking anybody', () => {
    const place = fc.integer({ min: 8, max: 58 });
    fc.assert(
      fc.property(place, fc.constantFrom(...BASE62), (at, character) => {
        const { key } = createKey('test');
        fc.pre(key[at] !== '_' && key[at] !== character);
        expect(parseKey(key.slice(0, at) + character + key.slice(at + 1))).toBeNull();
      }),
    );
  });

  test('a key whose mode was changed, that was cut, padded or put into other text is none', () => {
    const { key } = createKey('test');
    for (const text of [
      key.replace('_test_', '_live_'),
      key.slice(0, -1),
      `${key}0`,
      ` ${key}`,
      `${key}\n`,
      key.toUpperCase(),
      '',
    ]) {
      expect(parseKey(text)).toBeNull();
    }
  });

  test('no text makes the parser throw', () => {
    const nearly = fc.string({
      unit: fc.constantFrom('h', 'l', '_', 'live', '0', 'Z', '\u0000', 'é'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
        expect(parseKey(text)).toBeNull();
        expect(typeof holdsKey(text)).toBe('boolean');
      }),
    );
  });

  test('random digits are even: bytes that would favour the first digits are passed over', () => {
    let asked = 0;
    const high = (size: number) => new Uint8Array(size).fill(asked++ === 0 ? 255 : 61);
    expect(createKey('live', high).keyId).toBe('zzzzzzzzzzzz');
  });
});

describe('keys in URLs', () => {
  test('a key is found in a path, a query, and behind percent signs', () => {
    const { key } = createKey('live');
    const encoded = [...key].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
    for (const url of [
      `/v1/x?key=${key}`,
      `/v1/${key}/y`,
      `?a=${key.replaceAll('_', '%5F')}`,
      encoded,
    ]) {
      expect(holdsKey(url)).toBe(true);
    }
  });

  test('a mistyped key is found as well: it is a secret too', () => {
    const { key } = createKey('live');
    expect(holdsKey(`/?k=${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)).toBe(true);
  });

  test('ordinary channel names and broken encodings are left alone', () => {
    for (const url of [
      '/v1/channels/hl_live_room/messages',
      '/v1/%zz%',
      '/v1/channels/hl%5Ftest',
    ]) {
      expect(holdsKey(url)).toBe(false);
    }
  });

  test('the pattern keeps no state between two texts', () => {
    const { key } = createKey('live');
    expect([KEY_PATTERN.test(key), KEY_PATTERN.test(key)]).toEqual([true, true]);
  });
});

describe('hashing', () => {
  test('the hash is HMAC-SHA-256 under the pepper, in hex', () => {
    expect(hashSecret(pepper, 'abc')).toBe(
      createHmac('sha256', pepper).update('abc', 'utf8').digest('hex'),
    );
  });

  test('the right secret matches; another secret, pepper or a damaged hash does not', () => {
    const stored = hashSecret(pepper, 'secret');
    expect(secretMatches(pepper, 'secret', stored)).toBe(true);
    expect(secretMatches(pepper, 'Secret', stored)).toBe(false);
    expect(secretMatches(Buffer.alloc(32, 2), 'secret', stored)).toBe(false);
    expect(secretMatches(pepper, 'secret', stored.slice(1))).toBe(false);
    expect(secretMatches(pepper, 'secret', '')).toBe(false);
    expect(secretMatches(pepper, 'secret', 'é'.repeat(32))).toBe(false);
  });

  test('a signing secret is 32 bytes of base64url, and never the same twice', () => {
    expect(createSigningSecret()).toMatch(/^[\w-]{43}$/);
    expect(createSigningSecret()).not.toBe(createSigningSecret());
  });
});
