import { type Capabilities, Problem } from '#contracts';
import type { AccessStore } from './access-store.js';
import { ALL_CHANNELS, compile, narrow } from './capabilities.js';
import type { Principal } from './principal.js';
import { principalOf, type Who } from './principal-of.js';

/** Rights to be tried out: a key's, or some that nobody has yet. */
export interface Rehearsal {
  readonly appId: string;
  /** null: no key stands behind `capabilities`. */
  readonly keyId: string | null;
  readonly capabilities: Capabilities;
  /** As a token for this client would have them; null: as a key. */
  readonly clientId: string | null;
}

/**
 * Who would ask with these rights, so that the very checks of a request can tell what they allow. Nobody
 * has shown a secret: it must never serve a request.
 * @throws Problem revoked, when such a credential would be refused by now
 */
export function rehearsedPrincipal(
  store: AccessStore,
  { appId, keyId, capabilities, clientId }: Rehearsal,
  now: number,
): Principal {
  const app = store.app(appId);
  const isKey = clientId === null;
  const who: Who = {
    ...{ keyId: keyId ?? '', kind: isKey ? 'key' : 'token', clientId },
    ...{ tokenId: null, issuedAt: isKey ? null : now },
  };
  const refusal = keyId === null ? null : store.refusal({ ...who, appId }, now);
  if (!app || refusal !== null) {
    throw new Problem('revoked', refusal ?? 'The app of this credential was revoked.');
  }
  const own = compile(capabilities);
  return principalOf(store, app, who, {
    key: keyId === null ? undefined : store.key(keyId),
    capabilities: isKey ? own : narrow(ALL_CHANNELS, own),
    expiresAt: null,
  });
}
