import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CursorCodec } from './cursor-codec.js';
import { KeyedHash } from './keyed-hash.js';

const codec = new CursorCodec(Buffer.alloc(32, 1));

interface Entry {
  name: string;
  position: number;
  epoch: string;
}

const entries = fc.uniqueArray(
  fc.record({
    name: fc.string({ unit: 'binary', maxLength: 20 }),
    position: fc.oneof(fc.nat(200), fc.maxSafeNat()),
    epoch: fc.constantFrom('e-1', 'Époque', ''),
  }),
  { selector: (entry: Entry) => entry.name, maxLength: 40 },
);

function encode(
  all: readonly Entry[],
  using = codec,
): { text: string; sorted: Entry[]; tags: string[] } {
  const tag = (entry: Entry): string => using.channelTag('app', entry.name);
  const sorted = [...all].sort((a, b) => a.position - b.position || (tag(a) < tag(b) ? -1 : 1));
  const tags = sorted.map(tag);
  const text = using.encode(
    [using.appTag('app')],
    tags,
    sorted.map((entry) => entry.position),
    sorted.map((entry) => entry.epoch),
    sorted.map((_, i) => i),
  );
  return { text, sorted, tags };
}

describe('cursor text', () => {
  test('says what was put into it, and is the same for the same content', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const { text, sorted, tags } = encode(all);
        expect(codec.decode(text)).toEqual({
          apps: [codec.appTag('app')],
          tags,
          positions: sorted.map((entry) => entry.position),
          epochs: sorted.map((entry) => entry.epoch),
        });
        expect(encode([...all].reverse()).text).toBe(text);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test('with any character changed, added or removed is refused', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n%';
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(alphabet.length - 1), (all, where, which) => {
        const { text } = encode(all);
        const at = where % text.length;
        const other = alphabet[which]!;
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        if (changed !== text) expect(codec.decode(changed)).toBeNull();
        expect(codec.decode(text.slice(0, at))).toBeNull();
        expect(codec.decode(text.slice(0, at) + other + text.slice(at))).toBeNull();
      }),
    );
  });

  test('that this secret did not sign is refused, whatever it is', () => {
    const stranger = new CursorCodec(Buffer.alloc(32, 2));
    fc.assert(
      fc.property(
        entries,
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ maxLength: 300 }),
        (all, text, bytes) => {
          expect(codec.decode(encode(all, stranger).text)).toBeNull();
          expect(codec.decode(text)).toBeNull();
          expect(codec.decode(Buffer.from(bytes).toString('base64url'))).toBeNull();
        },
      ),
    );
    expect(codec.decode('A'.repeat(1_000_000))).toBeNull();
  });

  test('for 500 channels anywhere in a log of a billion messages stays under 8 kB', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000_000_000), { minLength: 500, maxLength: 500 }),
        (positions) => {
          const all = positions.map((position, i) => ({
            name: `room:${i}`,
            position,
            epoch: '0123456789abcdef0123456789abcdef',
          }));
          expect(encode(all).text.length).toBeLessThan(8192);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('P5: one name in two apps has two tags, and no choice of names makes two channels alike', () => {
    expect(codec.channelTag('a', 'room')).not.toBe(codec.channelTag('b', 'room'));
    expect(codec.channelTag('a', 'broom')).not.toBe(codec.channelTag('ab', 'room'));
  });

  test('the keyed hash is HMAC-SHA-256', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 4000 }),
        (key, data) => {
          const expected = createHmac('sha256', key).update(data).digest('latin1');
          expect(new KeyedHash(key).digest(data, 32)).toBe(expected);
        },
      ),
    );
  });
});
