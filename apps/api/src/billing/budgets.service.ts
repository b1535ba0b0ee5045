import { Inject, Injectable } from '@nestjs/common';
import { Problem, type Budget as ShownBudget, type BudgetBody } from '#contracts';
import { Prisma, type Budget, type SpendState } from '#database';
import { AuditTrail } from '../audit/audit-trail.js';
import type { TenantActor } from '../auth/actor.js';
import { missing } from '../http/validation.js';
import { BillingParts } from './billing-parts.js';

/** Budgets of a tenant and its apps. What one changes holds before the answer. */
@Injectable()
export class BudgetsService {
  constructor(
    @Inject(BillingParts) private readonly parts: BillingParts,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  list(tenantId: string): Promise<{ data: ShownBudget[] }> {
    return this.parts.database.withTenant(tenantId, async (tx) => {
      const budgets = await tx.budget.findMany({ orderBy: { appId: 'asc' } });
      const states = await tx.spendState.findMany();
      return { data: budgets.map((budget) => shown(budget, stateOf(states, budget))) };
    });
  }

  async put(actor: TenantActor, body: BudgetBody): Promise<ShownBudget> {
    const { tenantId } = actor;
    const appId = body.appId ?? '';
    const { currency, stop, degrade } = body;
    await this.parts.database.withTenant(tenantId, async (tx) => {
      if (appId !== '') {
        const app = await tx.app.findFirst({ where: { id: appId, status: 'active' } });
        if (!app) throw missing('app');
      }
      const subscription = await tx.subscription.findUnique({ where: { tenantId } });
      if (subscription && subscription.currency !== currency) {
        throw new Problem(
          'invalid_request',
          `This tenant is billed in ${subscription.currency}; set its budget in that currency.`,
          { errors: [{ pointer: '/currency', message: `is not ${subscription.currency}` }] },
        );
      }
      const where = { tenantId_appId: { tenantId, appId } };
      const before = await tx.budget.findUnique({ where });
      const data = {
        ...{ currency, stop, amountMicro: BigInt(body.amountMicro) },
        degrade: degrade === null ? Prisma.DbNull : { ...degrade },
      };
      await tx.budget.upsert({ where, create: { tenantId, appId, ...data }, update: data });
      await this.audit.record(tx, actor, {
        ...{ action: 'budget.set', target: appId === '' ? tenantId : appId },
        ...(before ? { before: facts(before) } : {}),
        after: { amountMicro: body.amountMicro, currency, stop, degrade },
      });
    });
    await this.parts.guard.look(tenantId);
    const { data } = await this.list(tenantId);
    const now = data.find((budget) => budget.appId === body.appId);
    if (!now) throw missing('budget');
    return now;
  }

  async remove(actor: TenantActor, appId = ''): Promise<void> {
    const { tenantId } = actor;
    await this.parts.database.withTenant(tenantId, async (tx) => {
      const where = { tenantId_appId: { tenantId, appId } };
      const before = await tx.budget.findUnique({ where });
      if (!before) throw missing('budget');
      await tx.budget.delete({ where });
      await this.audit.record(tx, actor, {
        action: 'budget.removed',
        target: appId === '' ? tenantId : appId,
        before: facts(before),
      });
    });
    await this.parts.guard.look(tenantId);
  }
}

function stateOf(states: readonly SpendState[], { appId }: Budget): SpendState | null {
  return states.find((state) => state.appId === appId) ?? null;
}

function facts({ amountMicro, currency, stop, degrade }: Budget) {
  return { amountMicro: String(amountMicro), currency, stop, degrade };
}

function shown(budget: Budget, state: SpendState | null): ShownBudget {
  const { appId, amountMicro, currency, stop } = budget;
  return {
    appId: appId === '' ? null : appId,
    amountMicro: String(amountMicro),
    currency: currency as ShownBudget['currency'],
    degrade: budget.degrade as ShownBudget['degrade'],
    stop,
    level: state?.level ?? 'ok',
    usedMicro: String(state?.usedMicro ?? 0n),
    resetAt: state?.resetAt.toISOString() ?? null,
  };
}
