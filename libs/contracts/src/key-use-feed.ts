import { z } from 'zod';

/** How delivery tells the control plane by whom keys are used. Not part of the public wire. */

/** Callers told apart of one key: the least lately seen makes room. */
export const KEY_CALLERS = 20;
/** Characters kept of a user agent. */
export const AGENT_LENGTH = 120;

const time = z.number().int().nonnegative();

export const KeyUseRow = z.object({
  app: z.string(),
  key: z.string(),
  /** `token`: whoever came with a token of the key's, the last of them. */
  via: z.enum(['key', 'token']),
  address: z.string(),
  agent: z.string(),
  client: z.string().nullable(),
  firstAt: time,
  lastAt: time,
});
export type KeyUseRow = z.output<typeof KeyUseRow>;

/** What was used at or after a moment; asked again it is told again, and storing it twice changes nothing. */
export const KeyUseRequest = z.object({ since: time });
export const KeyUses = z.object({ asOf: time, rows: z.array(KeyUseRow) });
export type KeyUses = z.output<typeof KeyUses>;
