import { Inject, Injectable } from '@nestjs/common';
import {
  CONTROL_LIMIT_NAMES,
  keyLimits,
  LIMIT,
  LIMITS,
  LiveLimits,
  PLAN_LIMIT_NAMES,
  StoredLimits,
  type ControlLimitName,
  type EffectiveLimits,
  type LimitEntry,
  type LimitsAnswer,
  type LimitsQuery,
  type PlanLimitName,
  type ShownLimit,
} from '#contracts';
import { Database, type Tx } from '#database';
import { requireApp } from '../apps/apps.service.js';
import { limitsOf, WITH_LIMITS } from '../data/tenant-limits.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { missing } from '../http/validation.js';

type Figure = Pick<ShownLimit, 'max' | 'used' | 'resetAt' | 'of'>;

const AWAY =
  'The delivery server cannot be reached now, so what only it knows (rates, holds, quotas, presence) is shown without how full it is.';

/** Every limit of a tenant, with how full it is: what the control plane counts, and what delivery does. */
@Injectable()
export class LimitsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
  ) {}

  /** @throws Problem not_found for an app or a key that the tenant does not have */
  async show(tenantId: string, query: LimitsQuery): Promise<LimitsAnswer> {
    const { held, counted } = await this.database.withTenant(tenantId, async (tx) => ({
      held: await heldLimits(tx, tenantId, query),
      counted: await countedHere(tx, tenantId, query.app),
    }));
    const live = await this.live(tenantId, query);
    const figures = new Map<string, Figure>([...counted, ...(live ?? [])]);
    return {
      tenantId,
      plan: held,
      limits: PLAN_LIMIT_NAMES.map((name) => shown(name, held[name], figures.get(name))),
      ...(live ? {} : { note: AWAY }),
      protocol: { ...LIMIT },
    };
  }

  /** Null while delivery is away: the rest is known without it. */
  private async live(tenant: string, query: LimitsQuery): Promise<[string, Figure][] | null> {
    try {
      const asked = { tenant, app: query.app, key: query.key };
      const { limits } = await this.delivery.get('/internal/limits', asked, LiveLimits);
      return limits.map(({ name, ...figure }) => [name, figure]);
    } catch {
      return null;
    }
  }
}

async function heldLimits(
  tx: Tx,
  tenantId: string,
  { app, key }: LimitsQuery,
): Promise<EffectiveLimits> {
  const tenant = await tx.tenant.findUniqueOrThrow({
    where: { id: tenantId },
    select: WITH_LIMITS,
  });
  const limits = limitsOf(tenant);
  if (app !== undefined) await requireApp(tx, app);
  if (key === undefined) return limits;
  const row = await tx.apiKey.findFirst({ where: { id: key, ...(app && { appId: app }) } });
  if (!row) throw missing('key');
  return keyLimits(limits, StoredLimits.parse(row.limits));
}

/** Of what is counted by app, the app with most of it. */
async function countedHere(
  tx: Tx,
  tenantId: string,
  appId: string | undefined,
): Promise<[ControlLimitName, Figure][]> {
  const ofApp = { ...(appId && { appId }) };
  const group = { by: ['appId'] as ['appId'], _count: true as const };
  const [apps, members, keys, namespaces, revocations] = [
    await tx.app.count({ where: { status: 'active' } }),
    await tx.member.count({ where: { tenantId } }),
    await tx.apiKey.groupBy({ ...group, where: { ...ofApp, revokedAt: null } }),
    await tx.namespace.groupBy({ ...group, where: { ...ofApp, deleted: false } }),
    await tx.revocation.groupBy({ ...group, where: ofApp }),
  ];
  const byApp = { keys, namespaces, revocations };
  return CONTROL_LIMIT_NAMES.map((name): [ControlLimitName, Figure] => {
    const figure = { max: null, resetAt: null };
    if (name === 'apps') return [name, { ...figure, used: apps, of: null }];
    if (name === 'members') return [name, { ...figure, used: members, of: null }];
    const [most] = [...byApp[name]].sort((a, b) => b._count - a._count);
    return [name, { ...figure, used: most?._count ?? 0, of: most?.appId ?? appId ?? null }];
  });
}

/** A key may have a narrower limit of its own: then that is what it is full by. */
function shown(
  name: PlanLimitName,
  held: number | undefined,
  figure: Figure | undefined,
): ShownLimit {
  const { scope, kind, unit, title, remedy, ceiling }: LimitEntry = LIMITS[name];
  const max = Math.min(figure?.max ?? held ?? Infinity, ceiling ?? Infinity);
  return {
    name,
    scope,
    kind,
    unit,
    title,
    remedy,
    max: Number.isFinite(max) ? max : null,
    used: figure?.used ?? null,
    resetAt: figure?.resetAt ?? null,
    of: figure?.of ?? null,
  };
}
