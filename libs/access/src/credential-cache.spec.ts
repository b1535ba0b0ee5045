import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CredentialCache } from './credential-cache.js';

describe('the credential cache', () => {
  test('keeps what is asked for, however much else comes and goes', () => {
    const cache = new CredentialCache<number>(10, 1_000);
    cache.set('busy', 1);
    for (let i = 0; i < 100; i += 1) {
      cache.set(`other-${i}`, i);
      expect(cache.get('busy')).toBe(1);
    }
    expect(cache.get('other-0')).toBeUndefined();
    expect(cache.get('other-99')).toBe(99);
  });

  test('is bounded, and what it gives is what was put in last, whatever was done before', () => {
    const text = fc.string({ maxLength: 20 });
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), text, value: fc.nat() }),
      fc.record({ do: fc.constant('get' as const), text }),
      fc.record({ do: fc.constant('delete' as const), text }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const cache = new CredentialCache<number>(6, 60);
        const model = new Map<string, number>();
        for (const one of steps) {
          if (one.do === 'get')
            expect([undefined, model.get(one.text)]).toContain(cache.get(one.text));
          if (one.do === 'delete') {
            cache.delete(one.text);
            model.delete(one.text);
            expect(cache.get(one.text)).toBeUndefined();
          }
          if (one.do === 'set') {
            cache.set(one.text, one.value);
            model.set(one.text, one.value);
            expect(cache.get(one.text)).toBe(one.value);
          }
          expect(cache.size).toBeLessThanOrEqual(6);
        }
      }),
    );
  });

  test('texts are counted by their characters: long ones push out others sooner', () => {
    const cache = new CredentialCache<number>(1_000, 100);
    for (let i = 0; i < 50; i += 1) cache.set(`${i}`.padStart(20, '0'), i);
    expect(cache.size).toBeLessThanOrEqual(5);
    expect(cache.get('49'.padStart(20, '0'))).toBe(49);
  });

  test('a text too long for it is not kept, and does no harm', () => {
    const cache = new CredentialCache<number>(5, 20);
    cache.set('x'.repeat(11), 1);
    expect(cache.size).toBe(0);
    cache.set('y', 2);
    expect(cache.get('y')).toBe(2);
  });
});
