import type { SnapshotRevocation } from '#contracts';
import { SKEW_MS } from './token-claims.js';

type Kind = SnapshotRevocation['kind'];

/** Clients and single tokens that are refused, of all apps. */
export class Revocations {
  readonly #apps = new Map<string, Record<Kind, Map<string, SnapshotRevocation>>>();

  /** Revoking again moves the time on, and never back. */
  add(row: SnapshotRevocation): void {
    let app = this.#apps.get(row.appId);
    if (!app) this.#apps.set(row.appId, (app = { client: new Map(), token: new Map() }));
    const before = app[row.kind].get(row.value);
    app[row.kind].set(row.value, {
      ...row,
      issuedBefore: Math.max(row.issuedBefore, before?.issuedBefore ?? row.issuedBefore),
      expiresAt: Math.max(row.expiresAt, before?.expiresAt ?? row.expiresAt),
    });
  }

  /**
   * @param issuedAt milliseconds since 1970, by the signer's clock. A credential of the very millisecond
   * of the revocation is refused: which of the two came first cannot be told. For a single token the
   * signer's clock may be ahead by all that is tolerated: its id is not used again, so that nothing
   * newer is hit by it.
   */
  refuses(appId: string, kind: Kind, value: string, issuedAt: number): boolean {
    const revoked = this.#apps.get(appId)?.[kind].get(value);
    if (!revoked) return false;
    return issuedAt <= revoked.issuedBefore + (kind === 'token' ? SKEW_MS : 0);
  }

  /** Forgets those that could only refuse tokens that have run out by themselves. */
  prune(now: number): void {
    for (const [appId, app] of this.#apps) {
      for (const map of [app.client, app.token]) {
        for (const [value, revoked] of map) if (revoked.expiresAt <= now) map.delete(value);
      }
      if (app.client.size + app.token.size === 0) this.#apps.delete(appId);
    }
  }

  rows(): SnapshotRevocation[] {
    return [...this.#apps.values()].flatMap(({ client, token }) => [
      ...client.values(),
      ...token.values(),
    ]);
  }
}
