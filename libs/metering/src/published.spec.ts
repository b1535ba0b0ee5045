import { describe, expect, test } from '@jest/globals';
import { publishedRows } from './published.js';

const AT = Date.UTC(2026, 0, 1, 10, 59, 59, 999);
const line = (name: string, label: string, messages: number, timestamp = AT) => ({
  channel: { app: 'a', name },
  label,
  messages,
  timestamp,
});

describe('what the log says was published', () => {
  test('P6: belongs to the hour of its accept time, to the millisecond', () => {
    const rows = publishedRows([line('x', 'k', 1), line('x', 'k', 2, AT + 1)]);
    expect(rows.keys).toEqual([
      { app: 'a', key: 'k', meter: 'messages_published', hour: Date.UTC(2026, 0, 1, 10), units: 1 },
      { app: 'a', key: 'k', meter: 'messages_published', hour: Date.UTC(2026, 0, 1, 11), units: 2 },
    ]);
  });

  test('by key and by channel it adds up to the same; inboxes have a meter of their own', () => {
    const rows = publishedRows([
      line('x', 'k1', 1),
      line('x', 'k2', 2),
      line('y', 'k1', 4),
      line('inbox:bob', 'k1', 8),
    ]);
    const sum = (list: readonly { meter: string; units: number }[], meter: string) =>
      list.filter((row) => row.meter === meter).reduce((total, { units }) => total + units, 0);
    for (const list of [rows.keys, rows.channels]) {
      expect(sum(list, 'messages_published')).toBe(7);
      expect(sum(list, 'direct_messages')).toBe(8);
    }
    expect(rows.keys).toHaveLength(3);
  });

  test('what no key stands behind is the platform’s own, and free', () => {
    expect(publishedRows([line('\u0001presence/x', '', 3)])).toEqual({
      keys: [],
      channels: [],
      tenants: [],
    });
  });
});
