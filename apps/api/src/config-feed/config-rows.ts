import {
  Capabilities,
  StoredLimits,
  type ConfigSnapshot,
  type SnapshotApp,
  type SnapshotKey,
} from '#contracts';
import type { Secrets } from '#access';
import type { Database } from '#database';
import { spendOf } from '../billing/spend-rows.js';
import { limitsOf, WITH_LIMITS } from '../data/tenant-limits.js';
import { signingSecretContext } from '../keys/key-secrets.js';

export type ConfigRows = Pick<ConfigSnapshot, 'apps' | 'keys' | 'namespaces' | 'revocations'>;

export interface LoadedConfig {
  /** Everything up to this version is in the rows, or was before. */
  readonly version: number;
  readonly rows: ConfigRows;
  /** Keys whose signing secret the master key here does not open. They are left out. */
  readonly sealed: readonly string[];
}

/** A full load reads whole tables; a request's patience does not bind it. */
const LOAD_MS = 20_000;

/**
 * Reads what is newer than a version, with signing secrets opened: for delivery, never for the public.
 * @param consoleOrigin where browsers have the dashboard from
 */
export function loadConfigRows(
  database: Database,
  secrets: Secrets,
  since: number,
  now: number,
  consoleOrigin: string,
): Promise<LoadedConfig> {
  const newer = { version: { gt: BigInt(since) } };
  return database.asSystem(
    async (tx) => {
      // The version first: what commits while the rows are read may be among them already, and comes
      // again next time. The other way round it could be missed for good.
      const [head] = await tx.$queryRaw<{ version: bigint | null }[]>`
        SELECT max(version) AS version FROM (
          SELECT max(version) AS version FROM app UNION ALL SELECT max(version) FROM api_key
          UNION ALL SELECT max(version) FROM namespace UNION ALL SELECT max(version) FROM revocation
        ) AS newest`;
      const version = Number(head?.version ?? 0n);
      const apps = await tx.app.findMany({
        where: newer,
        include: {
          tenant: { select: { status: true, spendStates: true, ...WITH_LIMITS } },
        },
      });
      const keys = await tx.apiKey.findMany({ where: newer });
      const namespaces = await tx.namespace.findMany({ where: newer });
      const revocations = await tx.revocation.findMany({
        where: { ...newer, expiresAt: { gt: new Date(now) } },
      });

      const sealed: string[] = [];
      const openKeys: SnapshotKey[] = [];
      for (const key of keys) {
        const signingSecret = open(secrets, key);
        if (signingSecret === null) sealed.push(key.id);
        else
          openKeys.push({
            id: key.id,
            appId: key.appId,
            mode: key.mode,
            secretHash: key.secretHash,
            signingSecret,
            capabilities: Capabilities.parse(key.capabilities),
            allowedIps: key.allowedIps,
            limits: StoredLimits.parse(key.limits),
            expiresAt: key.expiresAt?.getTime() ?? null,
            revokedAt: key.revokedAt?.getTime() ?? null,
            version: Number(key.version),
          });
      }
      return {
        version,
        sealed,
        rows: {
          apps: apps.map((app): SnapshotApp => ({
            id: app.id,
            tenantId: app.tenantId,
            // A tenant that is suspended or closed takes its apps with it.
            status: app.tenant.status === 'active' ? app.status : 'revoked',
            // The dashboard's own console may always look, whatever pages the app lists.
            allowedOrigins: app.allowedOrigins.includes('*')
              ? app.allowedOrigins
              : [...app.allowedOrigins, consoleOrigin],
            jwks: app.jwks as SnapshotApp['jwks'],
            limits: limitsOf(app.tenant),
            ...spendOf(app.id, app.tenant.spendStates, now),
            version: Number(app.version),
          })),
          keys: openKeys,
          namespaces: namespaces.map(({ tenantId: _tenant, createdAt: _created, ...row }) => ({
            ...row,
            version: Number(row.version),
          })),
          revocations: revocations.map((row) => ({
            appId: row.appId,
            kind: row.kind,
            value: row.value,
            issuedBefore: row.issuedBefore.getTime(),
            expiresAt: row.expiresAt.getTime(),
            version: Number(row.version),
          })),
        },
      };
    },
    { timeoutMs: LOAD_MS },
  );
}

function open(
  secrets: Secrets,
  key: { id: string; tenantId: string; signingSecret: string },
): string | null {
  try {
    return secrets.open(key.signingSecret, signingSecretContext(key.tenantId, key.id));
  } catch {
    return null;
  }
}
