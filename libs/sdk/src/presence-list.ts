import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { PROMPT_MS } from './reader.js';
import type { PresenceMember } from './presence-members.js';

/** The most in one page. */
const PAGE = 1000;

interface Page {
  readonly members: readonly PresenceMember[];
  readonly version: number;
}

export function presencePath(channel: string): string {
  return `/v1/channels/${encodeURIComponent(channel)}/presence`;
}

/**
 * Everybody who is present in a channel, and the version that the first page stood at: changes after it
 * may or may not be in later pages, and applying them again does no harm.
 * @throws HoldlineError
 */
export async function listPresence(
  { session, retryMs, closing }: Pick<ChannelHost, 'session' | 'retryMs' | 'closing'>,
  channel: string,
): Promise<Page> {
  const members: PresenceMember[] = [];
  let version: number | null = null;
  let query = `limit=${PAGE}`;
  for (;;) {
    const path = `${presencePath(channel)}?${query}`;
    const ask = { method: 'GET', path, timeoutMs: PROMPT_MS } as const;
    const page = (await session.persist(ask, retryMs, closing)) as Partial<Page> | null;
    if (!Array.isArray(page?.members) || typeof page.version !== 'number') {
      throw new HoldlineError('bad_answer', 'The answer has no members.');
    }
    version ??= page.version;
    members.push(...(page.members as PresenceMember[]));
    const last = members.at(-1);
    if (page.members.length < PAGE || !last) return { members, version };
    query = `limit=${PAGE}&after=${encodeURIComponent(last.clientId)}`;
  }
}
