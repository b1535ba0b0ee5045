import type { WebhookEventType } from '#contracts';
import type { Budget, Database, SpendState, Subscription, Tx } from '#database';
import { SYSTEM, type BillingHooks } from '../hooks.js';
import { loadPeriod, loadUsage } from '../invoicing/rated-period.js';
import { rate, type RatedLine } from '../rating/rate.js';
import { levelOf, type SpendLevel } from './levels.js';
import { spentByApp, spentOn } from './spent.js';

const PAGE = 100;
const GUARD_MS = { timeoutMs: 20_000 };
const ORDER = ['ok', 'warned', 'degraded', 'stopped'] as const;

/** A budget's level changed; told after the commit that made it so. */
export interface LevelChange {
  readonly tenantId: string;
  readonly appId: string | null;
  readonly before: SpendLevel;
  readonly level: SpendLevel;
  readonly usedMicro: bigint;
  readonly maxMicro: bigint;
  readonly currency: string;
}

/** Rates the running periods of tenants that have budgets, and keeps each budget's level. */
export class SpendGuard {
  constructor(
    private readonly database: Database,
    private readonly hooks: BillingHooks,
  ) {}

  /** Looks at every tenant with a budget once. */
  async run(): Promise<LevelChange[]> {
    const changes: LevelChange[] = [];
    for (let after = ''; ;) {
      const tenants = await this.database.asSystem(
        (tx) => tx.$queryRaw<{ id: string }[]>`
          SELECT tenant_id AS id FROM (
            SELECT tenant_id FROM budget UNION SELECT tenant_id FROM spend_state
          ) AS guarded WHERE tenant_id > ${after} ORDER BY 1 LIMIT ${PAGE}`,
        GUARD_MS,
      );
      for (const { id } of tenants) changes.push(...(await this.look(id)));
      after = tenants.at(-1)?.id ?? '';
      if (tenants.length < PAGE) return changes;
    }
  }

  /** One tenant, at once: after its budget was changed. */
  look(tenantId: string): Promise<LevelChange[]> {
    return this.database.asSystem((tx) => this.lookWithin(tx, tenantId), GUARD_MS);
  }

  private async lookWithin(tx: Tx, tenantId: string): Promise<LevelChange[]> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('spend:' || ${tenantId}::text, 0))`;
    const budgets = await tx.budget.findMany({ where: { tenantId }, orderBy: { appId: 'asc' } });
    const states = await tx.spendState.findMany({ where: { tenantId } });
    const gone = states.filter(({ appId }) => !budgets.some((budget) => budget.appId === appId));
    for (const { appId } of gone) {
      await tx.spendState.delete({ where: { tenantId_appId: { tenantId, appId } } });
    }
    const subscription = await tx.subscription.findUnique({ where: { tenantId } });
    if (!subscription || budgets.length === 0) return [];
    const lines = await this.running(tx, subscription);
    const changes: LevelChange[] = [];
    for (const budget of budgets) {
      const known = states.find(({ appId }) => appId === budget.appId);
      const change = await this.hold(tx, subscription, budget, lines, known ?? null);
      if (change) changes.push(change);
    }
    return changes;
  }

  private async running(tx: Tx, subscription: Subscription): Promise<RatedLine[]> {
    const { tenantId, periodStart, periodEnd } = subscription;
    return rate(
      await loadPeriod(tx, subscription),
      await loadUsage(tx, tenantId, periodStart, periodEnd),
    );
  }

  private async hold(
    tx: Tx,
    subscription: Subscription,
    budget: Budget,
    lines: readonly RatedLine[],
    known: SpendState | null,
  ): Promise<LevelChange | null> {
    const { tenantId, appId, amountMicro: maxMicro, currency, stop } = budget;
    const { periodStart, periodEnd: resetAt } = subscription;
    // A budget in another currency says nothing about this one's amounts.
    const counts = currency === subscription.currency;
    const usage = appId === '' ? null : await loadUsage(tx, tenantId, periodStart, resetAt, appId);
    const used = usage === null ? spentOn(lines) : spentByApp(lines, usage, currency);
    const usedMicro = counts ? used : 0n;
    const degrade = budget.degrade as { windowMs: number; conflate?: string } | null;
    const level = levelOf(usedMicro, { maxMicro, degrades: degrade !== null, stops: stop });
    const terms = {
      ...{ level, maxMicro, resetAt, currency, reached: usedMicro >= maxMicro },
      ...{ windowMs: degrade?.windowMs ?? null, conflate: degrade?.conflate ?? null },
    };
    await write(tx, { tenantId, appId }, known, { ...terms, usedMicro });
    const anew = known !== null && known.resetAt.getTime() !== resetAt.getTime();
    const before = { level: known?.level ?? 'ok', reached: known?.reached ?? false };
    const told = before.level === level && before.reached === terms.reached;
    if (told && !(anew && level !== 'ok')) return null;
    const change = {
      ...{ tenantId, before: before.level, level, usedMicro, maxMicro, currency },
      appId: appId === '' ? null : appId,
    };
    const from = anew ? { level: 'ok' as const, reached: false } : before;
    const types: WebhookEventType[] =
      ORDER.indexOf(level) < ORDER.indexOf(before.level)
        ? ['budget.restored']
        : eventsBetween(from, terms);
    await this.tell(tx, change, types, resetAt);
    return change;
  }

  private async tell(
    tx: Tx,
    change: LevelChange,
    types: readonly WebhookEventType[],
    resetAt: Date,
  ): Promise<void> {
    const { tenantId, appId, before, level, usedMicro, maxMicro, currency } = change;
    const after = {
      ...{ appId, level, currency },
      usedMicro: String(usedMicro),
      maxMicro: String(maxMicro),
      resetAt: resetAt.toISOString(),
    };
    for (const type of types) {
      const key = `${type}:${appId ?? ''}:${maxMicro}:${resetAt.getTime()}:${this.hooks.now()}`;
      await this.hooks.emit(tx, { tenantId, type, data: after, key });
    }
    await this.hooks.audit(tx, {
      ...{ tenantId, actor: SYSTEM, action: `budget.${level}`, target: appId ?? tenantId },
      ...{ before: { level: before }, after },
    });
  }
}

/** What only counts on is written without the configuration lock; see the trigger on the table. */
async function write(
  tx: Tx,
  of: { tenantId: string; appId: string },
  known: SpendState | null,
  row: Omit<SpendState, 'tenantId' | 'appId'>,
): Promise<void> {
  const where = { tenantId_appId: of };
  const { usedMicro, reached } = row;
  if (known === null) {
    await tx.spendState.create({ data: { ...of, ...row } });
  } else if (
    known.level === row.level &&
    known.maxMicro === row.maxMicro &&
    known.windowMs === row.windowMs &&
    known.conflate === row.conflate &&
    known.resetAt.getTime() === row.resetAt.getTime()
  ) {
    await tx.spendState.update({ where, data: { usedMicro, reached } });
  } else {
    await tx.spendState.update({ where, data: row });
  }
}

interface Reach {
  readonly level: SpendLevel;
  readonly reached: boolean;
}

/** A jump over several levels tells of each of them. */
function eventsBetween(before: Reach, after: Reach): WebhookEventType[] {
  const from = ORDER.indexOf(before.level);
  const types: WebhookEventType[] = [];
  if (from < 1 && after.level !== 'ok') types.push('budget.warning');
  if (from < 2 && after.level === 'degraded') types.push('budget.degraded');
  if (after.reached && !before.reached) types.push('budget.reached');
  return types;
}
