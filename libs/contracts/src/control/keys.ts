import { z } from 'zod';
import { Capabilities } from '../capabilities.js';
import { KeyLimits } from '../plan-limits.js';
import { AllowedIps } from './allowed-ips.js';
import { label, page, Timestamp } from './common.js';

/** Seconds that a rotated key may keep working at most: 30 days. */
export const ROTATION_GRACE_MAX_SECONDS = 2_592_000;

const OWN_LIMITS =
  'Limits of this key alone, by name. They narrow the tenant’s and never widen them.';

export const KeyBody = z
  .strictObject({
    name: label('name').optional(),
    mode: z.enum(['live', 'test']).default('live'),
    capabilities: Capabilities.default({ '*': ['*'] }).meta({
      description: 'Default: everything on every channel, but not `admin`.',
    }),
    expiresAt: Timestamp.optional().meta({
      description: 'RFC 3339, in the future. Default: never.',
    }),
    allowedIps: AllowedIps.default([]),
    limits: KeyLimits.default({}).meta({ description: OWN_LIMITS }),
  })
  .prefault({});
export type KeyBody = z.output<typeof KeyBody>;

export const KeyPatch = z
  .strictObject({
    name: label('name').optional(),
    allowedIps: AllowedIps.optional(),
    limits: KeyLimits.optional().meta({ description: OWN_LIMITS }),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');
export type KeyPatch = z.output<typeof KeyPatch>;

export const RotateBody = z
  .strictObject({
    graceSeconds: z
      .number()
      .int()
      .min(0)
      .max(ROTATION_GRACE_MAX_SECONDS)
      .default(0)
      .meta({ description: 'How long the old key keeps working.' }),
  })
  .prefault({});
export type RotateBody = z.output<typeof RotateBody>;

export const Key = z.object({
  id: z.string(),
  appId: z.string(),
  name: z.string().nullable(),
  mode: z.enum(['live', 'test']),
  last4: z.string().meta({ description: 'The last characters of the key, to tell keys apart.' }),
  capabilities: Capabilities,
  allowedIps: AllowedIps,
  limits: KeyLimits,
  status: z.enum(['active', 'expired', 'revoked']),
  createdAt: Timestamp,
  createdBy: z.string().nullable().meta({ description: 'The user (usr_…) or key that made it.' }),
  expiresAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
  replaces: z.string().nullable().meta({ description: 'The key that this one was rotated from.' }),
});
export type Key = z.output<typeof Key>;

export const ListedKey = Key.extend({
  lastUsedAt: Timestamp.nullable().meta({
    description: 'By the key itself or a token of its; some seconds behind. null: not in 90 days.',
  }),
});
export type ListedKey = z.output<typeof ListedKey>;
export const KeyList = page(ListedKey);

export const KeyUse = z.object({
  lastUsedAt: Timestamp.nullable(),
  callers: z.array(
    z.object({
      via: z.enum(['key', 'token']).meta({
        description: 'token: all tokens made with the key together, and who came with one last.',
      }),
      address: z.string(),
      userAgent: z.string(),
      clientId: z.string().nullable(),
      firstSeenAt: Timestamp,
      lastSeenAt: Timestamp,
    }),
  ),
});
export type KeyUse = z.output<typeof KeyUse>;

/** The one answer that holds the secrets. They are not kept in a form that could show them again. */
export const CreatedKey = Key.extend({
  key: z.string().meta({ description: 'The API key. Shown this once.' }),
  signingSecret: z.string().meta({
    description:
      'Signs client tokens (HS256; the key is the UTF-8 bytes of this text). Shown this once.',
  }),
});
export type CreatedKey = z.output<typeof CreatedKey>;
