import { z } from 'zod';
import { ClientId } from '../messages.js';
import { page, Timestamp } from './common.js';

const tokenId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'cannot hold control characters');

/** One of the two: every token of a client issued until now, or one token by its `jti`. */
export const RevocationBody = z.union(
  [
    z.strictObject({ clientId: ClientId.regex(/^[^\p{Cc}\p{Surrogate}]*$/u) }),
    z.strictObject({ tokenId }),
  ],
  'send either { "clientId" } or { "tokenId" }',
);
export type RevocationBody = z.output<typeof RevocationBody>;

export const Revocation = z.object({
  id: z.string(),
  clientId: z.string().nullable(),
  tokenId: z.string().nullable(),
  issuedBefore: Timestamp.meta({ description: 'Tokens issued later are good.' }),
  expiresAt: Timestamp.meta({
    description: 'When the last token that this refuses has expired by itself.',
  }),
});
export type Revocation = z.output<typeof Revocation>;
export const RevocationList = page(Revocation);
