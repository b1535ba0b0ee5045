import type { SnapshotApp, SnapshotKey } from '#contracts';
import type { AccessStore } from './access-store.js';
import type { CapabilitySet } from './capabilities.js';
import type { Principal } from './principal.js';

const ANYWHERE: readonly string[] = Object.freeze([]);

/** What a credential says of its bearer. */
export type Who = Pick<Principal, 'keyId' | 'kind' | 'clientId' | 'tokenId' | 'issuedAt'>;

/** What its bearer's rights rest on. */
export interface Standing {
  readonly key: SnapshotKey | undefined;
  readonly capabilities: CapabilitySet;
  readonly expiresAt: number | null;
}

/** The one place where a principal is put together; that it may be one was decided before. */
export function principalOf(
  store: AccessStore,
  app: SnapshotApp,
  who: Who,
  { key, capabilities, expiresAt }: Standing,
): Principal {
  return {
    ...who,
    tenantId: app.tenantId,
    appId: app.id,
    expiresAt,
    may: (operation, channel) => capabilities.allows(operation, channel),
    admin: capabilities.admin,
    limits: store.limits(app, key),
    spend: app.spend,
    allowedOrigins: app.allowedOrigins,
    allowedIps: key?.allowedIps ?? ANYWHERE,
  };
}
