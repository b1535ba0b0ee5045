import { CONTROL_LIMIT_NAMES, LIMITS, type LimitEntry, type NearLimits } from '#contracts';
import type { Tx } from '#database';

const NEAR = 0.8;
const MOST = 200;

const CEILINGS = JSON.stringify(
  Object.fromEntries(
    CONTROL_LIMIT_NAMES.map((name) => [name, (LIMITS[name] as LimitEntry).ceiling ?? null]),
  ),
);

/**
 * Which of what the control plane counts is nearly used up, over all tenants and the fullest first: as
 * LimitsService counts them for one tenant.
 */
export async function countedNear(tx: Tx): Promise<NearLimits['limits']> {
  type Row = Omit<NearLimits['limits'][number], 'subject'>;
  const rows = await tx.$queryRaw<Row[]>`
    WITH counted AS (
      SELECT 'apps' AS name, tenant_id, NULL AS app_id, count(*) AS used FROM app
        WHERE status::text = 'active' GROUP BY tenant_id
      UNION ALL SELECT 'members', tenant_id, NULL, count(*) FROM member GROUP BY tenant_id
      UNION ALL SELECT 'webhooks', tenant_id, NULL, count(*) FROM webhook_endpoint
        WHERE deleted_at IS NULL GROUP BY tenant_id
      UNION ALL SELECT 'keys', tenant_id, app_id, count(*) FROM api_key
        WHERE revoked_at IS NULL GROUP BY tenant_id, app_id
      UNION ALL SELECT 'namespaces', tenant_id, app_id, count(*) FROM namespace
        WHERE NOT deleted GROUP BY tenant_id, app_id
      UNION ALL SELECT 'revocations', tenant_id, app_id, count(*) FROM revocation
        GROUP BY tenant_id, app_id
    ), held AS (
      SELECT c.*, least(
        (CASE WHEN jsonb_exists(t.limits, c.name) THEN t.limits ->> c.name ELSE p.limits ->> c.name END)::float8,
        (${CEILINGS}::jsonb ->> c.name)::float8
      ) AS max
      FROM counted c JOIN tenant t ON t.id = c.tenant_id LEFT JOIN plan p ON p.id = t.plan_id
    )
    SELECT name, tenant_id AS "tenantId", app_id AS "appId", used::float8 AS used, max
    FROM held WHERE max > 0 AND used >= max * ${NEAR}::float8
    ORDER BY used / max DESC, tenant_id LIMIT ${MOST}`;
  return rows.map((row) => ({ ...row, subject: null }));
}
