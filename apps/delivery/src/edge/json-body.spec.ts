import { describe, expect, test } from '@jest/globals';
import { LIMIT, Problem } from '#contracts';
import fc from 'fast-check';
import { parseJson } from './json-body.js';

const bytes = (text: string) => Buffer.from(text);

describe('the JSON of a body', () => {
  test('any JSON value within the depth comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        fc.pre(!/"(__proto__|constructor)"/.test(JSON.stringify(value)));
        expect(parseJson(bytes(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each([
    ['a key that reaches the prototype', '{"data":{"__proto__":{"x":1}}}'],
    ['the same, escaped', '{"data":{"\\u005f_proto__":1}}'],
    ['a constructor with a prototype', '{"constructor":{"prototype":{"x":1}}}'],
    ['a body cut short', '{"data":'],
    ['an empty body', ''],
    ['NaN', '{"data":NaN}'],
  ])('%s is refused', (_what, text) => {
    expect(() => parseJson(bytes(text))).toThrow(Problem);
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toThrow(/UTF-8/);
  });

  test('nesting is taken up to the limit and refused one deeper, however deep', () => {
    const nested = (depth: number) => bytes('['.repeat(depth) + ']'.repeat(depth));
    expect(() => parseJson(nested(LIMIT.jsonDepth))).not.toThrow();
    expect(() => parseJson(nested(LIMIT.jsonDepth + 1))).toThrow(/deeper/);
    expect(() => parseJson(nested(100_000))).toThrow(/deeper/);
    expect(
      parseJson(bytes(JSON.stringify({ data: '['.repeat(500) + '\\"['.repeat(100) }))),
    ).toBeDefined();
  });

  test('whatever the bytes are, they are parsed or refused with a Problem', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
        try {
          parseJson(input);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
    );
  });
});
