/** Who may do what: keys, tokens, capabilities, revocation, secrets. */
export {
  type AccessChange,
  type AccessClock,
  AccessStore,
  type CredentialOwner,
  DEFAULT_RULES,
} from './access-store.js';
export { requireAddress } from './allowed-addresses.js';
export { Authenticator, type AuthenticatorOptions } from './authenticate.js';
export type { RandomBytes } from './base62.js';
export { type CapabilitySet, compile, narrow } from './capabilities.js';
export { type InternalIdentity, internalIdentity } from './internal-identity.js';
export { type IssuedToken, issueToken, type TokenOrder } from './issue-token.js';
export {
  createKey,
  createSigningSecret,
  hashSecret,
  holdsKey,
  KEY_PATTERN,
  type KeyMode,
  type NewKey,
  type ParsedKey,
  parseKey,
  secretMatches,
} from './key-format.js';
export { appRefused } from './refused-app.js';
export { type Principal, requireCapability, requireRight } from './principal.js';
export { type Rehearsal, rehearsedPrincipal } from './rehearsal.js';
export {
  sealContext,
  type SealPlace,
  type SecretPurpose,
  Secrets,
  type SecretsSource,
} from './secrets.js';
