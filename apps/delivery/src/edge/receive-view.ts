import { Problem, ViewBody, type Spend } from '#contracts';
import type { ReceiveView } from '#mediator';
import { schemaProblem } from './faults.js';

const HEADER_PREFIX = 'header.';

/** What the query of a receive asks for beside its channels. */
export class QueryView {
  private names: string[] | undefined;
  private headers: Map<string, string[]> | undefined;
  private conflate: string | undefined;
  private windowMs: number | undefined;

  /** @returns whether the parameter is one of these. @throws Problem invalid_request */
  take(name: string, value: string): boolean {
    if (name === 'name') (this.names ??= []).push(value);
    else if (name.startsWith(HEADER_PREFIX))
      this.takeHeader(name.slice(HEADER_PREFIX.length), value);
    else if (name === 'conflate') {
      if (this.conflate !== undefined) throw twice(name);
      this.conflate = value;
    } else if (name === 'window') {
      if (this.windowMs !== undefined) throw twice(name);
      if (!/^\d{1,9}$/.test(value)) {
        throw new Problem(
          'invalid_request',
          '`window` is a whole number of milliseconds in digits.',
        );
      }
      this.windowMs = Number(value);
    } else return false;
    return true;
  }

  /** undefined: everything, as it comes. @throws Problem invalid_request */
  get view(): ReceiveView | undefined {
    const { names, headers, conflate, windowMs } = this;
    if (!names && !headers && conflate === undefined && windowMs === undefined) return undefined;
    const filter =
      names || headers ? { names, headers: headers && Object.fromEntries(headers) } : undefined;
    const parsed = ViewBody.safeParse({ filter, conflate, window: windowMs });
    if (!parsed.success)
      throw schemaProblem('invalid_request', parsed.error, 'The query is not valid');
    return viewOf(parsed.data);
  }

  private takeHeader(key: string, value: string): void {
    this.headers ??= new Map<string, string[]>();
    const values = this.headers.get(key);
    if (values) values.push(value);
    else this.headers.set(key, [value]);
  }
}

/** undefined: everything, as it comes. */
export function viewOf({ filter, conflate, window }: ViewBody): ReceiveView | undefined {
  const windowMs = window ?? 0;
  if (!filter && conflate === undefined && windowMs === 0) return undefined;
  // In one order, so that the same wish in another order shares its answers.
  const names = filter?.names ? [...new Set(filter.names)].sort() : null;
  const given = Object.entries(filter?.headers ?? {});
  const sorted = given
    .map(([key, values]) => [key, [...new Set(values)].sort()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const headers = sorted.length > 0 ? Object.fromEntries(sorted) : null;
  const key = JSON.stringify([names, sorted, conflate ?? null, windowMs]);
  return Object.freeze({ key, names, headers, conflate: conflate ?? null, windowMs });
}

/**
 * What is received while a budget degrades it: gathered for longer, and of each conflation key the newest
 * alone, unless the reader asked for more of that itself. With the budget it ends.
 */
export function viewUnder(
  spend: Spend | undefined,
  view: ReceiveView | undefined,
): ReceiveView | undefined {
  if (spend?.state !== 'degrade' || !spend.degrade) return view;
  const { windowMs, conflate } = spend.degrade;
  const names = view?.names ?? undefined;
  const headers = view?.headers ?? undefined;
  return viewOf({
    filter: names || headers ? { names, headers } : undefined,
    conflate: view?.conflate ?? conflate ?? undefined,
    window: Math.max(windowMs, view?.windowMs ?? 0),
  } as ViewBody);
}

function twice(name: string): Problem {
  return new Problem('invalid_request', `\`${name}\` is given twice. Send one.`);
}
