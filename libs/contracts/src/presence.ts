import { z } from 'zod';
import { ClientId } from './messages.js';

/** The limits of presence, the same for every tenant. */
export const PRESENCE = {
  /** Bytes of a member's data as JSON. */
  dataBytes: 4096,
  /** Members of one channel. */
  channelMembers: 20_000,
  /** Members of one app over all its channels, on one server. */
  appMembers: 200_000,
  /** Members in one page of the list, and the default. */
  pageMembers: 1000,
  pageDefaultMembers: 100,
  /** Seconds a PUT lasts: default and most. */
  ttlDefaultSeconds: 60,
  ttlMaxSeconds: 300,
  /** Seconds between two polls of a client that is still there. */
  graceSeconds: 15,
} as const;

/** The body of PUT …/presence/{clientId}. All of it is replaced by the next one. */
export const PresenceBody = z.strictObject({
  data: z.unknown().optional().meta({ description: 'Any JSON value of up to 4 kB.' }),
  ttl: z.number().int().min(1).max(PRESENCE.ttlMaxSeconds).optional().meta({
    description: 'Seconds until the member leaves unless it is put again. Default 60.',
  }),
});

export const PresenceMember = z.object({
  clientId: z.string(),
  data: z.unknown().meta({ description: 'null if none was given.' }),
  since: z.iso.datetime(),
});
export type PresenceMember = z.output<typeof PresenceMember>;

export const PresencePutAnswer = PresenceMember.extend({ expiresAt: z.iso.datetime() });

const version = z.number().int().min(0).meta({
  description: 'The newest change that the list includes: apply the changes after it.',
});

export const PresenceList = z.object({
  members: z.array(PresenceMember),
  count: z.number().int().meta({ description: 'Members of the channel, over all pages.' }),
  version,
  epoch: z.string(),
});

/** The query of GET …/presence. Values arrive as text. */
export const PresenceQuery = z.object({
  after: ClientId.optional().meta({ description: 'The last client id of the page before.' }),
  limit: z
    .string()
    .regex(/^\d{1,6}$/, 'is a whole number in digits')
    .transform(Number)
    .pipe(z.number().int().min(1).max(PRESENCE.pageMembers))
    .optional(),
});

/** Changes of a channel's members, one item for each window of time, among the messages of an answer. */
export const PresenceChange = z.object({
  type: z.literal('presence'),
  app: z
    .string()
    .optional()
    .meta({ description: 'Whose channel it is, in a poll over several apps.' }),
  channel: z.string(),
  version,
  previous: z.number().int().meta({ description: 'The version before it; 0: none.' }),
  timestamp: z.iso.datetime(),
  count: z.number().int(),
  reset: z
    .literal(true)
    .optional()
    .meta({ description: 'Forget all members: those named here and later are there.' }),
  joined: z.array(PresenceMember),
  left: z.array(z.object({ clientId: z.string() })),
  updated: z.array(PresenceMember),
});
export type PresenceChange = z.output<typeof PresenceChange>;

/** `presence` in a poll: for each channel the client's data there (null: none). */
export const PollPresence = z.record(z.string(), z.unknown()).meta({
  description:
    'Channel → data: the client of the token is present there as long as it polls. Each is one of the poll’s channels.',
});
