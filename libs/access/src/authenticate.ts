import { Problem } from '#contracts';
import type { AccessClock, AccessStore } from './access-store.js';
import { Admission, type Admitted } from './admission.js';
import { CredentialCache } from './credential-cache.js';
import { HEADER_MAX_LENGTH, parseAuthorization, refused } from './credential.js';
import { holdsKey } from './key-format.js';
import { KeyMaterial } from './key-material.js';
import type { Principal } from './principal.js';
import { EarlyToken } from './token-claims.js';
import { TokenVerifier } from './token-verifier.js';

export interface AuthenticatorOptions {
  readonly store: AccessStore;
  /** `Secrets.derive('pepper')`. */
  readonly pepper: Uint8Array;
  readonly clock: AccessClock;
  /** Credentials remembered as good; default 50 000. */
  readonly cacheEntries?: number;
}

interface Good {
  readonly admitted: Admitted;
  /** Of the store, when it was last looked at. */
  generation: number;
}

/** A refusal. After a change of the store the key may be known. */
interface Bad {
  readonly problem: Problem;
  readonly generation: number;
  readonly at: number;
}

const GOOD_ENTRIES = 50_000;
const GOOD_CHARACTERS = 32 * 1024 * 1024;
const BAD_ENTRIES = 2_000;
const BAD_CHARACTERS = 2 * 1024 * 1024;
const BAD_MS = 5_000;

/**
 * Tells who asks. Works from memory alone; a credential seen before costs one look-up, so that a flood
 * of polls, or of one bad key, costs little. Good and bad ones are kept apart: a flood of bad ones
 * cannot push the good ones out.
 */
export class Authenticator {
  readonly #store: AccessStore;
  readonly #clock: AccessClock;
  readonly #admission: Admission;
  readonly #verifier: TokenVerifier;
  readonly #good: CredentialCache<Good>;
  readonly #bad = new CredentialCache<Bad>(BAD_ENTRIES, BAD_CHARACTERS);

  constructor({ store, pepper, clock, cacheEntries = GOOD_ENTRIES }: AuthenticatorOptions) {
    const material = new KeyMaterial();
    this.#store = store;
    this.#clock = clock;
    this.#admission = new Admission(store, pepper, material, clock);
    this.#verifier = new TokenVerifier(store, material, clock);
    this.#good = new CredentialCache(cacheEntries, GOOD_CHARACTERS);
  }

  /**
   * Not a promise for an API key, nor for a token seen before: the hot path does not wait. Throws (or
   * rejects with) a Problem: `unauthenticated`, `revoked`, `token_expired`, `key_in_url`.
   *
   * @param accessToken the query's `access_token`, for EventSource and WebSocket, which cannot send a
   * header. A header goes before it.
   */
  authenticate(
    authorization: string | undefined,
    accessToken?: string,
  ): Principal | Promise<Principal> {
    const text = credentialText(authorization, accessToken);
    const now = this.#clock.now();
    const known = this.#knownGood(text, now);
    if (known) return known;
    this.#throwKnownBad(text, now);
    try {
      const credential = parseAuthorization(text);
      return credential.kind === 'key'
        ? this.#remember(text, this.#admission.byKey(credential.key))
        : this.#checkToken(text, credential.token);
    } catch (error) {
      throw this.#rememberBad(text, error, this.#store.generation);
    }
  }

  async #checkToken(text: string, token: string): Promise<Principal> {
    // As it was asked with: what arrives in the meantime may turn a refusal around.
    const { generation } = this.#store;
    try {
      return this.#remember(text, this.#admission.byToken(await this.#verifier.verify(token)));
    } catch (error) {
      throw this.#rememberBad(text, error, generation);
    }
  }

  #knownGood(text: string, now: number): Principal | null {
    const good = this.#good.get(text);
    if (!good) return null;
    if (this.#stillStands(good, now)) return good.admitted.principal;
    this.#good.delete(text);
    return null;
  }

  #stillStands(good: Good, now: number): boolean {
    const { principal, app, key } = good.admitted;
    if (principal.expiresAt !== null && principal.expiresAt <= now) return false;
    if (good.generation === this.#store.generation) return true;
    if (this.#store.app(app.id) !== app) return false;
    if (key && this.#store.key(key.id) !== key) return false;
    if (this.#store.refusal(principal, now) !== null) return false;
    good.generation = this.#store.generation;
    return true;
  }

  #throwKnownBad(text: string, now: number): void {
    const bad = this.#bad.get(text);
    if (!bad) return;
    const age = now - bad.at;
    if (bad.generation === this.#store.generation && age >= 0 && age < BAD_MS) throw bad.problem;
    this.#bad.delete(text);
  }

  #remember(text: string, admitted: Admitted): Principal {
    this.#good.set(text, { admitted, generation: this.#store.generation });
    return admitted.principal;
  }

  #rememberBad(text: string, error: unknown, generation: number): unknown {
    const isLasting = error instanceof Problem && !(error instanceof EarlyToken);
    if (isLasting && text.length <= HEADER_MAX_LENGTH) {
      this.#bad.set(text, { problem: error, generation, at: this.#clock.now() });
    }
    return error;
  }
}

function credentialText(
  authorization: string | undefined,
  accessToken: string | undefined,
): string {
  if (accessToken !== undefined && holdsKey(accessToken)) {
    throw new Problem(
      'key_in_url',
      'An API key came as `access_token` in the URL, where it may have been logged. Send it in the ' +
        'Authorization header, and rotate it; in a URL only a client token is taken.',
    );
  }
  if (authorization !== undefined && authorization !== '') return authorization;
  if (accessToken !== undefined) return `Bearer ${accessToken}`;
  throw refused(
    'There is no Authorization header. Send `Authorization: Bearer <API key or client token>`.',
  );
}
