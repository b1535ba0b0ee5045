import { isDeepStrictEqual } from 'node:util';
import {
  type ConfigSnapshot,
  type EffectiveLimits,
  keyLimits,
  LIMIT,
  type NamespaceRules,
  namespaceOf,
  type SnapshotApp,
  type SnapshotKey,
  type SnapshotNamespace,
  tenantLimits,
} from '#contracts';
import { isRegisteredKeyId, type RegisteredKey, RegisteredKeys } from './registered-keys.js';
import { Revocations } from './revocations.js';

/** Time, injected. Milliseconds since 1970. */
export interface AccessClock {
  now(): number;
}

/** What is known of a credential after it was verified: enough to tell whether it is still good. */
export interface CredentialOwner {
  readonly appId: string;
  readonly keyId: string;
  readonly clientId: string | null;
  readonly tokenId: string | null;
  readonly issuedAt: number | null;
}

export interface AccessChange {
  readonly version: number;
  /** False: nothing in this change can have ended a credential, so that no hold need be looked at. */
  readonly mayEnd: boolean;
}

/** What a channel outside every namespace takes. */
export const DEFAULT_RULES: NamespaceRules = Object.freeze({
  retentionSeconds: 86_400,
  retentionMessages: null,
  persistence: true,
  presence: true,
  maxMessageBytes: LIMIT.messageBytes,
  publishers: 'anyone',
});

/**
 * Delivery's copy of keys, rules and revocations. Everything is asked of memory: a request never waits
 * for the control plane, and goes on working from the last copy while that is away.
 *
 * A row stays the same object until its content changes, so a row's identity tells whether what was
 * made from it still stands.
 */
export class AccessStore {
  readonly #clock: AccessClock;
  readonly #listeners = new Set<(change: AccessChange) => void>();
  #apps = new Map<string, SnapshotApp>();
  #keys = new Map<string, SnapshotKey>();
  #namespaces = new Map<string, Map<string, SnapshotNamespace>>();
  #revocations = new Revocations();
  #registered = new RegisteredKeys();
  #version = 0;
  #generation = 0;
  #isLoaded = false;

  constructor({ clock }: { clock: AccessClock }) {
    this.#clock = clock;
  }

  /** The newest version applied; 0: none. Ask the control plane for what is newer. */
  get version(): number {
    return this.#version;
  }

  /**
   * Grows with every change. Unlike the version it never returns to a number it had, so what was
   * remembered under it is sure to be of this very state.
   */
  get generation(): number {
    return this.#generation;
  }

  /** False until a first snapshot came, from the control plane or from a cache of it. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /**
   * Takes a full snapshot or the rows that changed. False, and nothing changed, for rows of a version no
   * newer than the one here: they could undo a revocation. A full snapshot is taken whatever its
   * version: an older one means that the control plane was restored from a backup, and a copy that
   * waited for the version to catch up would be deaf to every revocation until then.
   */
  apply(snapshot: ConfigSnapshot): boolean {
    if (!snapshot.full && this.#isLoaded && snapshot.version <= this.#version) return false;
    if (snapshot.full) this.#clear(snapshot);
    for (const app of snapshot.apps) this.#setApp(app);
    for (const key of snapshot.keys) {
      this.#keys.set(key.id, sameRow(this.#keys.get(key.id), key));
    }
    for (const row of snapshot.namespaces) {
      let rules = this.#namespaces.get(row.appId);
      if (!rules) this.#namespaces.set(row.appId, (rules = new Map<string, SnapshotNamespace>()));
      if (row.deleted) rules.delete(row.name);
      else rules.set(row.name, row);
    }
    for (const row of snapshot.revocations) this.#revocations.add(row);
    this.#revocations.prune(this.#clock.now());
    this.#version = snapshot.version;
    this.#generation += 1;
    this.#isLoaded = true;

    const change = { version: snapshot.version, mayEnd: mayEnd(snapshot) };
    for (const listener of this.#listeners) listener(change);
    return true;
  }

  /** All of it, as a full snapshot that another store can apply. Its rows are shared: do not write. */
  export(): ConfigSnapshot {
    return {
      version: this.#version,
      full: true,
      apps: [...this.#apps.values()],
      keys: [...this.#keys.values()],
      namespaces: [...this.#namespaces.values()].flatMap((rules) => [...rules.values()]),
      revocations: this.#revocations.rows(),
    };
  }

  /** Called after every change, when the store already answers by it. Must not throw. */
  onChange(listener: (change: AccessChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Revoked ones too: look at `status`. */
  app(appId: string): SnapshotApp | undefined {
    return this.#apps.get(appId);
  }

  /** Of a tenant, revoked ones too. Looks at all there are: for people, not for requests. */
  appsOf(tenantId: string): SnapshotApp[] {
    return [...this.#apps.values()].filter((app) => app.tenantId === tenantId);
  }

  /** Revoked and expired ones too: ask `refusal`. */
  key(keyId: string): SnapshotKey | undefined {
    return this.#keys.get(keyId);
  }

  /** The public keys with this `kid`, of every app that registered one. */
  registeredKeys(kid: string): readonly RegisteredKey[] {
    return this.#registered.named(kid);
  }

  /** The rules of the channel's namespace, or the default ones. Shared: do not write into them. */
  rules(appId: string, channel: string): NamespaceRules {
    return this.#namespaces.get(appId)?.get(namespaceOf(channel)) ?? DEFAULT_RULES;
  }

  /** What holds for a key of the app, or for a registered public key of it. */
  limits(app: SnapshotApp, key: SnapshotKey | undefined): EffectiveLimits {
    return keyLimits(tenantLimits(null, app.limits), key?.limits);
  }

  /** Why the owner of a credential is refused by now (a public sentence), or null. */
  refusal(owner: CredentialOwner, now = this.#clock.now()): string | null {
    if (this.#apps.get(owner.appId)?.status !== 'active') {
      return 'The app that this credential belongs to was revoked.';
    }
    if (isRegisteredKeyId(owner.keyId)) {
      if (!this.#registered.has(owner.keyId)) {
        return 'The public key that signed this token is no longer registered with the app.';
      }
    } else {
      const key = this.#keys.get(owner.keyId);
      if (!key || key.revokedAt !== null) return 'The API key behind this request was revoked.';
      if (key.expiresAt !== null && key.expiresAt <= now) {
        return 'The API key behind this request has expired: it was rotated, and its grace is over.';
      }
    }
    if (owner.issuedAt === null) return null;
    const { appId, clientId, tokenId, issuedAt } = owner;
    if (clientId !== null && this.#revocations.refuses(appId, 'client', clientId, issuedAt)) {
      return 'The client of this token was revoked.';
    }
    if (tokenId !== null && this.#revocations.refuses(appId, 'token', tokenId, issuedAt)) {
      return 'This token was revoked.';
    }
    return null;
  }

  /**
   * A test for many owners at one moment: true for whom `refusal` now has a reason. A few map look-ups
   * each. Ask after every change with `mayEnd`, and when the time of `nextExpiry` comes.
   */
  endedBy(): (owner: CredentialOwner) => boolean {
    const now = this.#clock.now();
    return (owner) => this.refusal(owner, now) !== null;
  }

  /** When the next rotated key's grace ends (ms since 1970, after `now`); null: none is running. */
  nextExpiry(now: number): number | null {
    let next: number | null = null;
    for (const { expiresAt, revokedAt } of this.#keys.values()) {
      if (expiresAt === null || revokedAt !== null || expiresAt <= now) continue;
      if (next === null || expiresAt < next) next = expiresAt;
    }
    return next;
  }

  #setApp(app: SnapshotApp): void {
    const kept = sameRow(this.#apps.get(app.id), app);
    if (kept !== app) return;
    this.#apps.set(app.id, app);
    this.#registered.set(app);
  }

  /** Drops what a full snapshot does not name, and keeps the rest for `sameRow` to compare. */
  #clear(snapshot: ConfigSnapshot): void {
    const apps = new Set(snapshot.apps.map((app) => app.id));
    for (const appId of this.#apps.keys()) {
      if (apps.has(appId)) continue;
      this.#apps.delete(appId);
      this.#registered.remove(appId);
    }
    const keys = new Set(snapshot.keys.map((key) => key.id));
    for (const keyId of this.#keys.keys()) if (!keys.has(keyId)) this.#keys.delete(keyId);
    this.#namespaces = new Map();
    this.#revocations = new Revocations();
  }
}

function sameRow<T extends { version: number }>(kept: T | undefined, row: T): T {
  return kept !== undefined && isDeepStrictEqual(kept, row) ? kept : row;
}

/** A full snapshot may end a credential by leaving its key out. */
function mayEnd(snapshot: ConfigSnapshot): boolean {
  return (
    snapshot.full ||
    snapshot.apps.length > 0 ||
    snapshot.revocations.length > 0 ||
    snapshot.keys.some((key) => key.revokedAt !== null || key.expiresAt !== null)
  );
}
