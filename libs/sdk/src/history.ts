import { HoldlineError } from './errors.js';
import { PROMPT_MS } from './reader.js';
import type { Session } from './session.js';
import type { HistoryOptions, Message } from './types.js';

/** Messages in one request. */
const PAGE = 100;

/**
 * What is kept of a channel, page after page as it is read.
 * @throws HoldlineError
 */
export async function* readHistory<T>(
  session: Session,
  channel: string,
  options: HistoryOptions,
  retryMs: number,
  signal: AbortSignal,
): AsyncGenerator<Message<T>, void, undefined> {
  const order = options.order ?? 'newest';
  let { before, after } = options;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  while (left > 0) {
    const limit = Math.min(PAGE, left);
    const query = new URLSearchParams({ order, limit: String(limit) });
    if (before !== undefined) query.set('before', String(before));
    if (after !== undefined) query.set('after', String(after));
    const path = `/v1/channels/${encodeURIComponent(channel)}/history?${query.toString()}`;
    const ask = { method: 'GET', path, timeoutMs: PROMPT_MS } as const;
    const page = (await session.persist(ask, retryMs, signal)) as { messages?: Message<T>[] };
    if (!Array.isArray(page?.messages)) {
      throw new HoldlineError('bad_answer', 'The answer has no messages.');
    }
    yield* page.messages;
    left -= page.messages.length;
    const last = page.messages.at(-1);
    // A page may be short because its messages are large; only an empty one is the end.
    if (!last) return;
    if (order === 'newest') before = last.position;
    else after = last.position;
  }
}
