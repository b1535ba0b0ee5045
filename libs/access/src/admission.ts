import { Problem, type SnapshotApp, type SnapshotKey } from '#contracts';
import type { AccessClock, AccessStore } from './access-store.js';
import { ALL_CHANNELS, compile, narrow, NO_CAPABILITIES } from './capabilities.js';
import { refused } from './credential.js';
import { hashSecret, type ParsedKey, secretMatches } from './key-format.js';
import type { KeyMaterial } from './key-material.js';
import type { Principal } from './principal.js';
import { principalOf, type Standing, type Who } from './principal-of.js';
import { refusalOf } from './refused-app.js';
import type { VerifiedToken } from './token-verifier.js';

/** A principal, with the rows that it was made from: it stands as long as they do. */
export interface Admitted {
  readonly principal: Principal;
  readonly app: SnapshotApp;
  readonly key: SnapshotKey | undefined;
}

interface Rights extends Standing {
  readonly appId: string;
}

/** Makes principals from credentials, unless what they rest on was revoked. */
export class Admission {
  readonly #store: AccessStore;
  readonly #pepper: Uint8Array;
  readonly #material: KeyMaterial;
  readonly #clock: AccessClock;
  /** What an unknown key is compared with, so that it takes as long as a wrong secret. */
  readonly #noHash: string;

  constructor(store: AccessStore, pepper: Uint8Array, material: KeyMaterial, clock: AccessClock) {
    this.#store = store;
    this.#pepper = pepper;
    this.#material = material;
    this.#clock = clock;
    this.#noHash = hashSecret(pepper, '');
  }

  /**
   * Throws `unauthenticated`, the same for an unknown key and a wrong secret; `revoked` only to who
   * has the secret.
   */
  byKey(parsed: ParsedKey): Admitted {
    const key = this.#store.key(parsed.keyId);
    const isRight = secretMatches(this.#pepper, parsed.secret, key?.secretHash ?? this.#noHash);
    if (!key || !isRight || key.mode !== parsed.mode) {
      throw refused('No such API key. Copy it again, or make a new one on the dashboard.');
    }
    return this.#admit(
      { keyId: key.id, kind: 'key', clientId: null, tokenId: null, issuedAt: null },
      {
        appId: key.appId,
        key,
        capabilities: this.#material.capabilities(key),
        expiresAt: key.expiresAt,
      },
    );
  }

  /** Throws `revoked` when the key, the app, the client or the token is refused by now. */
  byToken({ signer, claims }: VerifiedToken): Admitted {
    const { clientId, tokenId, issuedAt } = claims;
    const who: Who = { keyId: signer.key.id, kind: 'token', clientId, tokenId, issuedAt };
    const own = claims.capabilities && compile(claims.capabilities);
    if (signer.kind === 'registered') {
      // Behind a registered public key stand no rights to fall back to, and an identity provider signs
      // much that was never meant for us: a token that does not say what it may do may do nothing.
      return this.#admit(who, {
        appId: signer.appId,
        key: undefined,
        capabilities: narrow(own ?? NO_CAPABILITIES, ALL_CHANNELS),
        expiresAt: claims.expiresAt,
      });
    }
    // The verification took a turn of the event loop: the row is read anew, as it is now.
    const key = this.#store.key(signer.key.id);
    if (key?.signingSecret !== signer.key.signingSecret) {
      throw new Problem('revoked', 'The API key that signed this token was revoked.');
    }
    return this.#admit(who, {
      appId: key.appId,
      key,
      capabilities: narrow(own ?? ALL_CHANNELS, this.#material.capabilities(key)),
      expiresAt: Math.min(claims.expiresAt, key.expiresAt ?? Number.POSITIVE_INFINITY),
    });
  }

  #admit(who: Who, rights: Rights): Admitted {
    const app = this.#store.app(rights.appId);
    const refusal = this.#store.refusal({ ...who, appId: rights.appId }, this.#clock.now());
    if (!app || refusal !== null) {
      const detail = refusal ?? 'The app of this credential was revoked.';
      throw refusalOf(rights.appId, new Problem('revoked', detail));
    }
    return { principal: principalOf(this.#store, app, who, rights), app, key: rights.key };
  }
}
