import { text, whole, type Form } from './form.js';
import { invalid } from './refusal.js';

export interface ListAnswer<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
}

/** A page as Stripe cuts it: newest first, `starting_after` and `ending_before` by id, 10 unless asked. */
export function page<T extends { id: string }>(rows: T[], query: Form, url: string): ListAnswer<T> {
  const limit = whole(query, 'limit') ?? 10;
  if (limit < 1 || limit > 100) throw invalid('limit is from 1 to 100.', 'limit');
  const after = text(query, 'starting_after');
  const before = text(query, 'ending_before');
  const at = (id: string, param: string) => {
    const found = rows.findIndex((row) => row.id === id);
    if (found < 0) throw invalid(`No such object: '${id}'`, param, 'resource_missing');
    return found;
  };
  if (before !== null) {
    const end = at(before, 'ending_before');
    const start = Math.max(0, end - limit);
    return { object: 'list', data: rows.slice(start, end), has_more: start > 0, url };
  }
  const start = after === null ? 0 : at(after, 'starting_after') + 1;
  const data = rows.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < rows.length, url };
}

export function listOf<T>(data: T[], url: string): ListAnswer<T> {
  return { object: 'list', data, has_more: false, url };
}
