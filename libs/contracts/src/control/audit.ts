import { z } from 'zod';
import { ListQuery, page, Timestamp } from './common.js';

/** Entries in one export at most: a longer time is exported in parts. */
export const AUDIT_EXPORT_MAX = 100_000;

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'cannot hold control characters');

const range = {
  from: Timestamp.optional().meta({ description: 'Entries from this moment on.' }),
  to: Timestamp.optional().meta({ description: 'Entries before this moment.' }),
};

const wanted = {
  action: text(100)
    .optional()
    .meta({ description: 'One action (`key.created`), or all of a thing (`key.*`).' }),
  actor: text(100).optional().meta({ description: 'Who: `usr_…`, a key’s id, `opr_…`, `system`.' }),
  target: text(300).optional().meta({ description: 'What it was done to, by its id.' }),
  ...range,
};

export const AuditQuery = ListQuery.extend({
  ...wanted,
  after: z.coerce
    .number()
    .int()
    .min(1)
    .safe()
    .optional()
    .meta({ description: 'The `seq` of the last entry of the page before.' }),
});
export type AuditQuery = z.output<typeof AuditQuery>;

export const AuditExportQuery = z.object({
  format: z.enum(['ndjson', 'csv']).default('ndjson'),
  ...wanted,
});
export type AuditExportQuery = z.output<typeof AuditExportQuery>;

const Facts = z.record(z.string(), z.unknown()).nullable();

export const AuditEntry = z.object({
  seq: z.number().int().meta({ description: '1, 2, 3 … without a gap, for each tenant.' }),
  at: Timestamp,
  actor: z.string().meta({
    description: '`usr_…`, a key’s id, `opr_…`, `anonymous` (who failed to sign in), or `system`.',
  }),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  before: Facts.meta({ description: 'What matters of it before, without secrets.' }),
  after: Facts.meta({ description: 'What matters of it after, without secrets.' }),
  previousHash: z.string(),
  hash: z.string().meta({
    description:
      'SHA-256, hex, of `previousHash`, a line feed, and the entry as the JSON array [tenant, seq, at, actor, ip, userAgent, action, target, before, after] without spaces, objects with sorted keys. Before the first entry stand 64 zeros.',
  }),
});
export type AuditEntry = z.output<typeof AuditEntry>;
export const AuditList = page(AuditEntry);

export const AuditVerification = z.object({
  intact: z.boolean(),
  entries: z.number().int().meta({ description: 'Entries of the chain that were recomputed.' }),
  head: z.object({ seq: z.number().int(), hash: z.string() }).nullable().meta({
    description: 'The end of the chain. Keep it elsewhere, and compare: it stands for all of it.',
  }),
  fault: z
    .object({ seq: z.number().int(), reason: z.enum(['changed', 'missing', 'unlinked']) })
    .nullable()
    .meta({ description: 'The first entry that does not fit, and why.' }),
});
export type AuditVerification = z.output<typeof AuditVerification>;
