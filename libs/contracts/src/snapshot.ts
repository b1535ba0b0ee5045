import { z } from 'zod';
import { Capabilities } from './capabilities.js';
import { StoredLimits } from './plan-limits.js';
import { Spend } from './spend.js';

/**
 * What delivery knows of the control plane: a versioned copy that api serves and delivery keeps.
 * Not part of the public wire. Every row carries the version at which it last changed, so that a
 * reader with version V asks for what is newer; nothing is ever deleted from it but by a status.
 */
const version = z.number().int();

export const SnapshotApp = z.object({
  id: z.string(),
  tenantId: z.string(),
  status: z.enum(['active', 'revoked']),
  /** Origins that a browser may call from; `*` for any. */
  allowedOrigins: z.array(z.string()),
  /** Public keys (JWK) by which the customer's own server signs tokens. */
  jwks: z.array(z.record(z.string(), z.unknown())),
  /** Of the plan and the tenant together. */
  limits: StoredLimits,
  /** Absent: no budget. */
  spend: Spend.optional(),
  version,
});
export type SnapshotApp = z.output<typeof SnapshotApp>;

export const SnapshotKey = z.object({
  id: z.string(),
  appId: z.string(),
  mode: z.enum(['live', 'test']),
  /** HMAC-SHA-256 of the secret under the pepper, hex. */
  secretHash: z.string(),
  /** Verifies tokens signed with this key (HS256), base64url as the customer got it. */
  signingSecret: z.string(),
  capabilities: Capabilities,
  /** Addresses and networks it may be used from; absent (as in older copies) or empty: anywhere. */
  allowedIps: z.array(z.string()).optional(),
  /** Its own, which narrow the app's. */
  limits: StoredLimits.optional(),
  /** Milliseconds since 1970; null: never. A rotated key expires at the end of its grace. */
  expiresAt: z.number().int().nullable(),
  revokedAt: z.number().int().nullable(),
  version,
});
export type SnapshotKey = z.output<typeof SnapshotKey>;

export const NamespaceRules = z.object({
  /** Seconds a message is kept. */
  retentionSeconds: z.number().int(),
  /** Messages kept per channel; null: as many as come. */
  retentionMessages: z.number().int().nullable(),
  /** Off: kept for ten minutes only, so that a reader between two polls still misses nothing. */
  persistence: z.boolean(),
  presence: z.boolean(),
  maxMessageBytes: z.number().int(),
  /** Who may publish: anybody with the capability, or keys alone (tokens may not). */
  publishers: z.enum(['anyone', 'keys']),
});
export type NamespaceRules = z.output<typeof NamespaceRules>;

export const SnapshotNamespace = NamespaceRules.extend({
  appId: z.string(),
  name: z.string(),
  deleted: z.boolean(),
  version,
});
export type SnapshotNamespace = z.output<typeof SnapshotNamespace>;

/** A client or a single token that is refused; tokens issued after `issuedBefore` are not. */
export const SnapshotRevocation = z.object({
  appId: z.string(),
  kind: z.enum(['client', 'token']),
  value: z.string(),
  /** Milliseconds since 1970. */
  issuedBefore: z.number().int(),
  /** When no token that it could refuse is still alive. */
  expiresAt: z.number().int(),
  version,
});
export type SnapshotRevocation = z.output<typeof SnapshotRevocation>;

export const ConfigSnapshot = z.object({
  /** The newest version this answer includes. */
  version,
  /** True: everything there is, replace what you have. False: only rows newer than you asked for. */
  full: z.boolean(),
  apps: z.array(SnapshotApp),
  keys: z.array(SnapshotKey),
  namespaces: z.array(SnapshotNamespace),
  revocations: z.array(SnapshotRevocation),
});
export type ConfigSnapshot = z.output<typeof ConfigSnapshot>;
