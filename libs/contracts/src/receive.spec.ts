import { expect, test } from '@jest/globals';
import { parseFrom } from './receive.js';

test.each([
  '2026-01-01T00:00:00+02:00',
  '2026-01-01T00:00:00 02:00',
  '2026-01-01 00:00:00 02:00',
  '2025-12-31t22:00:00.000z',
  '2025-12-31 19:30:00-02:30',
])('from=%s is a time, also where an unencoded + has become a space', (text) => {
  expect(parseFrom(text)).toEqual({ kind: 'time', at: Date.UTC(2025, 11, 31, 22) });
});

test.each([
  '2026-01-01T00:00:00',
  '2026-01-01',
  '2026-01-01T00:00:00  02:00',
  '2026-01-01T99:00:00Z',
])('from=%s is none', (text) => {
  expect(parseFrom(text)).toBeNull();
});
