import { createHash, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import type { SnapshotApp } from '#contracts';

/** Before the id of a registered key. An API key's id is base62 and cannot begin like this. */
const ID_PREFIX = 'jwk:';

/** The members that make up a public key, by type, in the order that RFC 7638 asks for. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/** A public key by which one app's own server signs tokens. */
export interface RegisteredKey {
  /**
   * `jwk:<app id>:<thumbprint>`. By the thumbprint and not by the `kid`: a key that was replaced under
   * the same `kid` is another key, and what the old one signed ends.
   */
  readonly id: string;
  readonly appId: string;
  readonly kid: string;
  /** What `alg` may be. Settled by the key alone: a token cannot choose. */
  readonly algorithms: readonly string[];
  /** Throws when the JWK is no valid key. */
  publicKey(): KeyObject;
}

/** The public keys of all apps. One `kid` may be in use by several apps: it is the customers' choice. */
export class RegisteredKeys {
  readonly #byKid = new Map<string, RegisteredKey[]>();
  readonly #byApp = new Map<string, RegisteredKey[]>();
  readonly #ids = new Set<string>();

  /** Takes the app's keys as they are now; those it had before and has no more are gone. */
  set(app: SnapshotApp): void {
    this.remove(app.id);
    const keys = app.jwks.map((jwk) => toRegisteredKey(app.id, jwk)).filter((key) => key !== null);
    if (keys.length === 0) return;
    this.#byApp.set(app.id, keys);
    for (const key of keys) {
      this.#ids.add(key.id);
      const others = this.#byKid.get(key.kid);
      if (!others) this.#byKid.set(key.kid, [key]);
      // The same key listed twice is still one key.
      else if (!others.some((other) => other.id === key.id)) others.push(key);
    }
  }

  remove(appId: string): void {
    for (const key of this.#byApp.get(appId) ?? []) {
      this.#ids.delete(key.id);
      const left = (this.#byKid.get(key.kid) ?? []).filter((other) => other.appId !== appId);
      if (left.length > 0) this.#byKid.set(key.kid, left);
      else this.#byKid.delete(key.kid);
    }
    this.#byApp.delete(appId);
  }

  named(kid: string): readonly RegisteredKey[] {
    return this.#byKid.get(kid) ?? [];
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}

export function isRegisteredKeyId(keyId: string): boolean {
  return keyId.startsWith(ID_PREFIX);
}

/** null for what cannot verify a token: no `kid`, not for signatures, symmetric, an unknown curve. */
function toRegisteredKey(appId: string, jwk: Record<string, unknown>): RegisteredKey | null {
  const { kid, kty, alg, use, key_ops: operations } = jwk;
  if (typeof kid !== 'string' || kid === '' || typeof kty !== 'string') return null;
  if (use !== undefined && use !== 'sig') return null;
  if (Array.isArray(operations) && !operations.includes('verify')) return null;
  const algorithms = algorithmsOf(kty, jwk['crv']).filter((a) => alg === undefined || a === alg);
  if (algorithms.length === 0) return null;

  // The public members alone, so that a private key registered by mistake is never held as one.
  const members: webcrypto.JsonWebKey = Object.fromEntries(
    (MEMBERS[kty] ?? []).map((member) => [member, jwk[member]]),
  );
  const thumbprint = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  let publicKey: KeyObject | undefined;
  return {
    id: `${ID_PREFIX}${appId}:${thumbprint}`,
    appId,
    kid,
    algorithms,
    publicKey: () => (publicKey ??= createPublicKey({ key: members, format: 'jwk' })),
  };
}

function algorithmsOf(kty: string, crv: unknown): readonly string[] {
  if (kty === 'RSA') return ['RS256'];
  if (kty === 'EC' && crv === 'P-256') return ['ES256'];
  // RFC 9864 gave EdDSA on this curve a second name.
  if (kty === 'OKP' && crv === 'Ed25519') return ['EdDSA', 'Ed25519'];
  return [];
}
