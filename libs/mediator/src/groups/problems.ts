import { Problem } from '#contracts';
import type { AppendResult } from '#engine';
import type { GroupRef } from './types.js';

const RETRY_SECONDS = 1;

export const noGroup = ({ channel, group }: GroupRef): Problem =>
  new Problem(
    'not_found',
    `The channel ${JSON.stringify(channel)} has no group ${JSON.stringify(group)}. Create it with PUT, or compare its name with the channel's list of groups.`,
  );

export const groupDeleted = ({ group }: GroupRef): Problem =>
  new Problem('not_found', `The group ${JSON.stringify(group)} was deleted while you held on it.`);

export const tooManyGroups = (channel: string, used: number, max: number): Problem =>
  new Problem(
    'rate_limited',
    `The channel ${JSON.stringify(channel)} has ${used} groups, as many as a channel can have. Delete one that nobody uses.`,
    {
      retryAfter: RETRY_SECONDS,
      limit: { name: 'groups_channel', scope: 'channel', max, used, resetAt: null },
    },
  );

export const groupElsewhere = (): Problem =>
  new Problem(
    'unavailable',
    'The group changed in another place at the same moment. Nothing is lost: ask again.',
    { retryAfter: RETRY_SECONDS },
  );

const unconfirmed = (cause?: unknown): Problem =>
  new Problem(
    'unavailable',
    'The message log did not confirm what was to be noted for this group. Nothing is lost: ask again the same way; what was noted already is said in the result.',
    { retryAfter: RETRY_SECONDS },
    cause,
  );

/** Why the log did not take what a group had to note. */
export function notNoted(result: Exclude<AppendResult, { ok: true }>): Problem {
  if (result.kind === 'indefinite') return unconfirmed();
  switch (result.code) {
    case 'position_conflict':
      return groupElsewhere();
    case 'storage_full':
      return new Problem(
        'storage_full',
        'The message log has no room left, so the group can note nothing. Nothing was changed. Try again when the operator has freed disk space.',
        { retryAfter: 30 },
      );
    case 'frozen':
      return new Problem(
        'unavailable',
        'The message log takes nothing because of a fault on its disk. Nothing was changed. Try again later.',
        { retryAfter: 5 },
      );
    case 'draining':
      return new Problem(
        'draining',
        'This server is shutting down. Nothing was changed. Try again at once.',
        { retryAfter: RETRY_SECONDS },
      );
  }
}

export const logFault = (cause: unknown): Problem =>
  cause instanceof Problem ? cause : unconfirmed(cause);
