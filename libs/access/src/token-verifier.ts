import { compactVerify, decodeProtectedHeader } from 'jose';
import { Problem, type SnapshotKey } from '#contracts';
import type { AccessClock, AccessStore } from './access-store.js';
import { refused } from './credential.js';
import type { KeyMaterial } from './key-material.js';
import { refusalOf } from './refused-app.js';
import type { RegisteredKey } from './registered-keys.js';
import { parseJsonObject, readClaims, type TokenClaims } from './token-claims.js';

/** Whose signature a token's `kid` asks for. The key settles the algorithm; the token only may agree. */
export type TokenSigner =
  | { readonly kind: 'api-key'; readonly appId: string; readonly key: SnapshotKey }
  | { readonly kind: 'registered'; readonly appId: string; readonly key: RegisteredKey };

export interface VerifiedToken {
  readonly signer: TokenSigner;
  readonly claims: TokenClaims;
}

interface TokenHeader {
  readonly kid: string;
  readonly alg: string;
}

/**
 * The same words for an unknown `kid`, one of another tenant, another algorithm and a wrong signature:
 * else the answers would tell which keys exist.
 */
const NOT_VERIFIED =
  "The token's signature cannot be verified. Either `kid` is an API key's id and the token is signed " +
  "with HS256 and that key's signing secret (its text, not decoded); or `kid` is that of a public key " +
  'registered with the app, and `alg` is the one of that key. If other apps use the same `kid`, put ' +
  'the id of the app into the claim `app`.';

/** Verifies the signature and the claims of client tokens (JWT). Revocation is the caller's to ask. */
export class TokenVerifier {
  readonly #store: AccessStore;
  readonly #material: KeyMaterial;
  readonly #clock: AccessClock;

  constructor(store: AccessStore, material: KeyMaterial, clock: AccessClock) {
    this.#store = store;
    this.#material = material;
    this.#clock = clock;
  }

  /** Rejects with `unauthenticated` or `token_expired`. */
  async verify(token: string): Promise<VerifiedToken> {
    const header = readHeader(token);
    const signer = this.#signerOf(header, token);
    const payload = await this.#verifySignature(token, signer);
    const claims = this.#readClaims(payload, signer);
    if (claims.app !== null && claims.app !== signer.appId) throw refused(NOT_VERIFIED);
    return { signer, claims };
  }

  #readClaims(payload: Uint8Array, { appId }: TokenSigner): TokenClaims {
    try {
      return readClaims(payload, this.#clock.now());
    } catch (error) {
      throw error instanceof Problem ? refusalOf(appId, error) : error;
    }
  }

  /** An API key's id goes first, so that no tenant can take it over by registering it as a `kid`. */
  #signerOf({ kid, alg }: TokenHeader, token: string): TokenSigner {
    const key = this.#store.key(kid);
    if (key) return { kind: 'api-key', appId: key.appId, key };
    const named = this.#store.registeredKeys(kid).filter((one) => one.algorithms.includes(alg));
    const [only, ...others] = named.length > 0 ? ofNamedApp(named, token) : [];
    if (!only || others.length > 0) throw refused(NOT_VERIFIED);
    return { kind: 'registered', appId: only.appId, key: only };
  }

  /** jose refuses every `alg` not listed, whatever the key could do, and a `crit` that it does not know. */
  async #verifySignature(token: string, signer: TokenSigner): Promise<Uint8Array> {
    try {
      const [key, algorithms] =
        signer.kind === 'api-key'
          ? [await this.#material.signingKey(signer.key), ['HS256']]
          : [signer.key.publicKey(), [...signer.key.algorithms]];
      return (await compactVerify(token, key, { algorithms })).payload;
    } catch (cause) {
      throw refused(NOT_VERIFIED, cause);
    }
  }
}

/**
 * The keys of the app that the token names by `app` or `iss`; all of them when it names none. Read from
 * claims that are not verified yet: they only pick the key to verify with, and a token that lies about
 * its app then fails by its signature.
 */
function ofNamedApp(keys: readonly RegisteredKey[], token: string): readonly RegisteredKey[] {
  const { app, iss } = parseJsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
  if (app !== undefined) return keys.filter((key) => key.appId === app);
  // `iss` is often the address of an identity provider: then it names no app.
  const ofIssuer = keys.filter((key) => key.appId === iss);
  return ofIssuer.length > 0 ? ofIssuer : keys;
}

/** `jku`, `x5u`, `x5c` and `jwk` are never looked at: a token cannot bring the key it is verified with. */
function readHeader(token: string): TokenHeader {
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw refused(
      "The token's first part is not a JWT header. Copy the token again, whole.",
      cause,
    );
  }
  const { kid, alg, typ } = header;
  if (typeof kid !== 'string' || typeof alg !== 'string') {
    throw refused('The token’s header needs `alg` and `kid`: which key signed it cannot be told.');
  }
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT')) {
    throw refused(
      'The token’s header has a `typ` other than `JWT`: it was made for something else.',
    );
  }
  return { kid, alg };
}
