import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Block, blockBytes, encodeBlock } from './block.js';
import type { BlockContent } from './block.js';

const time = fc.integer({ min: 0, max: 4e12 });
const entry = fc.record({
  step: fc.integer({ min: 1, max: 1000 }),
  payload: fc.uint8Array({ maxLength: 300 }),
  shownUntil: fc.oneof(time, fc.constant(Infinity)),
});

const content: fc.Arbitrary<BlockContent> = fc
  .record({
    cid: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
    first: fc.integer({ min: 1, max: 2 ** 47 }),
    entries: fc.array(entry, { minLength: 1, maxLength: 40 }),
    hasTtl: fc.boolean(),
    ordinal: fc.integer({ min: 1, max: 2 ** 50 }),
    previous: fc.integer({ min: 0, max: 2 ** 47 }),
    timestamp: time,
    keptUntil: time,
    keepMessages: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 2 })),
  })
  .map(({ first, entries, hasTtl, ...rest }) => {
    let position = first - entries[0]!.step;
    const payloads = entries.map(({ payload }) => payload);
    return {
      ...rest,
      positions: entries.map(({ step }) => (position += step)),
      payloads,
      shownUntil: hasTtl ? entries.map(({ shownUntil }) => shownUntil) : null,
      payloadBytes: payloads.reduce((sum, payload) => sum + payload.length, 0),
    };
  });

function encode(block: BlockContent): Buffer {
  const { positions, payloadBytes, shownUntil } = block;
  const bytes = Buffer.alloc(blockBytes(positions.length, payloadBytes, shownUntil !== null));
  expect(encodeBlock(bytes, 0, block)).toBe(bytes.length);
  return bytes;
}

describe('block codec', () => {
  test('P1: what was encoded is decoded, whatever it is', () => {
    fc.assert(
      fc.property(content, (block) => {
        const decoded = Block.decode(encode(block), block.cid, block.positions[0]!)!;
        const offsets = decoded.offsets();
        const indexes = block.positions.map((_, index) => index);
        expect({
          positions: indexes.map((i) => decoded.position(i)),
          payloads: indexes.map((i) => Buffer.from(decoded.payload(offsets, i)).toString('hex')),
          shownUntil: indexes.map((i) => decoded.shownUntil(i)),
          previous: indexes.map((i) => decoded.previousOf(i)),
          ordinal: decoded.ordinal,
          timestamp: decoded.timestamp,
          keptUntil: decoded.keptUntil,
          keepMessages: decoded.keepMessages,
          last: decoded.last,
        }).toEqual({
          positions: block.positions,
          payloads: block.payloads.map((payload) => Buffer.from(payload).toString('hex')),
          shownUntil: block.shownUntil ?? block.positions.map(() => Infinity),
          previous: [block.previous, ...block.positions.slice(0, -1)],
          ordinal: block.ordinal,
          timestamp: block.timestamp,
          keptUntil: block.keptUntil,
          keepMessages: block.keepMessages,
          last: block.positions.at(-1),
        });
      }),
    );
  });

  test('P4: any changed byte, any cut and any other place is detected', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (block, at, change) => {
        const [cid, first] = [block.cid, block.positions[0]!];
        const good = encode(block);
        const bad = Buffer.from(good);
        bad[at % bad.length]! ^= change;
        expect(Block.decode(bad, cid, first)).toBeNull();
        expect(Block.decode(good.subarray(0, at % good.length), cid, first)).toBeNull();
        expect(Block.decode(good, cid + change, first)).toBeNull();
        expect(Block.decode(good, cid, first + change)).toBeNull();
      }),
    );
  });
});
