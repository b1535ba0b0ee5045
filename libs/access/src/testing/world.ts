import { createHmac, type KeyObject, sign } from 'node:crypto';
import type { ConfigSnapshot, ProblemCode, SnapshotApp, SnapshotKey } from '#contracts';
import { Problem } from '#contracts';
import { AccessStore } from '../access-store.js';
import { Authenticator } from '../authenticate.js';
import { createKey, createSigningSecret, hashSecret } from '../key-format.js';
import type { Principal } from '../principal.js';

export const START = Date.parse('2026-01-01T00:00:00.000Z');
const PEPPER = Buffer.alloc(32, 7);

export type Claims = Record<string, unknown>;
export interface MadeKey {
  readonly row: SnapshotKey;
  readonly key: string;
  readonly header: string;
}

/** A store and an authenticator at a time that stands still until it is set. */
export class World {
  now = START;
  version = 0;
  readonly clock = { now: () => this.now };
  readonly store = new AccessStore({ clock: this.clock });
  readonly authenticator: Authenticator;

  constructor(options: { cacheEntries?: number } = {}) {
    this.authenticator = new Authenticator({
      store: this.store,
      pepper: PEPPER,
      clock: this.clock,
      ...options,
    });
  }

  get seconds(): number {
    return this.now / 1000;
  }

  apply(rows: Partial<ConfigSnapshot>): void {
    this.version += 1;
    this.store.apply({
      version: this.version,
      full: false,
      apps: [],
      keys: [],
      namespaces: [],
      revocations: [],
      ...rows,
    });
  }

  addApp(id: string, rest: Partial<SnapshotApp> = {}): SnapshotApp {
    const app: SnapshotApp = {
      id,
      tenantId: `tenant-of-${id}`,
      status: 'active',
      allowedOrigins: ['*'],
      jwks: [],
      limits: {},
      version: this.version + 1,
      ...rest,
    };
    this.apply({ apps: [app] });
    return app;
  }

  addKey(appId: string, rest: Partial<SnapshotKey> = {}): MadeKey {
    const made = createKey(rest.mode ?? 'live');
    const row: SnapshotKey = {
      id: made.keyId,
      appId,
      mode: made.mode,
      secretHash: hashSecret(PEPPER, made.secret),
      signingSecret: createSigningSecret(),
      capabilities: { '*': ['*'] },
      expiresAt: null,
      revokedAt: null,
      version: this.version + 1,
      ...rest,
    };
    this.apply({ keys: [row] });
    return { row, key: made.key, header: `Bearer ${made.key}` };
  }

  change(row: SnapshotKey, change: Partial<SnapshotKey>): SnapshotKey {
    const changed = { ...row, ...change, version: this.version + 1 };
    this.apply({ keys: [changed] });
    return changed;
  }

  revoke(appId: string, kind: 'client' | 'token', value: string, issuedBefore = this.now): void {
    const expiresAt = issuedBefore + 3_630_000;
    this.apply({
      revocations: [{ appId, kind, value, issuedBefore, expiresAt, version: this.version + 1 }],
    });
  }

  async bearer(token: string): Promise<Principal> {
    return this.authenticator.authenticate(`Bearer ${token}`);
  }

  /** The claims of a token that is good now. */
  claims(rest: Claims = {}): Claims {
    return { iat: this.seconds, exp: this.seconds + 600, ...rest };
  }

  /** Signed as a customer's server would sign it. */
  signed(key: MadeKey, claims: Claims = this.claims(), header: Claims = {}): string {
    return hs256(key.row.signingSecret, { alg: 'HS256', kid: key.row.id, ...header }, claims);
  }
}

export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );
}

/** Made with no JWT library, so that nothing is refused before the verifier sees it. */
export function hs256(secret: string | Buffer, header: unknown, claims: unknown): string {
  const body = `${part(header)}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** EdDSA, RS256 or ES256, by the type of the key. */
export function signedBy(key: KeyObject, header: unknown, claims: unknown): string {
  const body = `${part(header)}.${part(claims)}`;
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const signature = sign(algorithm, Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
  return `${body}.${signature.toString('base64url')}`;
}

/** The problem that was thrown, or that a promise was rejected with. Anything else fails the test. */
export async function problemOf(attempt: () => unknown): Promise<Problem> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export async function codeOf(attempt: () => unknown): Promise<ProblemCode> {
  return (await problemOf(attempt)).code;
}
