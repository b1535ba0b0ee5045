import { LIMITS, type LimitEntry } from './limit-catalogue.js';
import type { LimitFacts, Problem } from './problems.js';

/** A limit and how full it is, as RateLimit headers tell it. */
export interface RateLimitState extends LimitFacts {
  /** Seconds until there is room again, where time brings it. */
  readonly seconds: number | null;
}

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers, names and values in turn: what may be used, and
 * what is left of it.
 */
export function rateLimitHeaders({ name, max, used, seconds }: RateLimitState): string[] {
  const window = windowSeconds(name);
  const reset = seconds === null ? '' : `;t=${Math.max(0, Math.ceil(seconds))}`;
  return [
    'RateLimit-Policy',
    `"${name}";q=${max}${window === null ? '' : `;w=${window}`}`,
    'RateLimit',
    `"${name}";r=${Math.max(0, max - used)}${reset}`,
  ];
}

/** Those of a refusal; none where it is no limit of the catalogue that refuses. */
export function problemHeaders({ extras: { limit, retryAfter } }: Problem): string[] {
  if (!limit || !Object.hasOwn(LIMITS, limit.name)) return [];
  return rateLimitHeaders({ ...limit, seconds: retryAfter ?? null });
}

/** A month has no fixed length, so it is not told as one. */
function windowSeconds(name: string): number | null {
  const { window } = (LIMITS as Record<string, LimitEntry>)[name] ?? {};
  if (window === undefined || window === 'month') return null;
  return window === 'day' ? 86_400 : window;
}
