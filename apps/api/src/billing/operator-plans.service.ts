import { Inject, Injectable } from '@nestjs/common';
import { changePlan, createPlan, retirePlan, shownPlan } from '#billing';
import {
  Problem,
  type Coupon,
  type CouponBody,
  type Plan,
  type PlanBody,
  type PlanPatch,
} from '#contracts';
import { Database, type Tx } from '#database';
import { OperatorTrail } from '../audit/operator-trail.js';
import { missing } from '../http/validation.js';
import type { OperatorOrigin } from '../operator/current-operator.js';

/** What the platform offers: plans and coupons. */
@Injectable()
export class OperatorPlansService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(OperatorTrail) private readonly trail: OperatorTrail,
  ) {}

  list(): Promise<{ data: Plan[] }> {
    return this.database.asSystem(async (tx) => {
      const plans = await tx.plan.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
      return { data: plans.map(shownPlan) };
    });
  }

  create(operator: OperatorOrigin, body: PlanBody): Promise<Plan> {
    return this.database.asSystem(async (tx) => {
      if (!(await createPlan(tx, body))) throw taken('plan', body.id);
      const after = await get(tx, body.id);
      await this.trail.record(tx, operator, { action: 'plan.created', target: body.id, after });
      return after;
    });
  }

  update(operator: OperatorOrigin, id: string, patch: PlanPatch): Promise<Plan> {
    return this.database.asSystem(async (tx) => {
      const before = await get(tx, id);
      const after = shownPlan(await changePlan(tx, id, patch));
      await this.trail.record(tx, operator, { action: 'plan.updated', target: id, before, after });
      return after;
    });
  }

  retire(operator: OperatorOrigin, id: string): Promise<Plan> {
    return this.database.asSystem(async (tx) => {
      if ((await retirePlan(tx, id)) === null) throw missing('plan');
      await this.trail.record(tx, operator, { action: 'plan.retired', target: id });
      return get(tx, id);
    });
  }

  coupons(): Promise<{ data: Coupon[] }> {
    return this.database.asSystem(async (tx) => {
      const rows = await tx.coupon.findMany({ orderBy: { code: 'asc' }, take: 1_000 });
      return { data: rows.map(shownCoupon) };
    });
  }

  createCoupon(operator: OperatorOrigin, body: CouponBody): Promise<Coupon> {
    return this.database.asSystem(async (tx) => {
      const amountMicro = body.amountMicro === null ? null : BigInt(body.amountMicro);
      const { count } = await tx.coupon.createMany({
        data: [{ ...body, amountMicro }],
        skipDuplicates: true,
      });
      if (count === 0) throw taken('coupon', body.code);
      const target = body.code;
      const after = shownCoupon(await tx.coupon.findUniqueOrThrow({ where: { code: target } }));
      await this.trail.record(tx, operator, { action: 'coupon.created', target, after });
      return after;
    });
  }

  /** Harmless when it has ended. @throws Problem not_found */
  endCoupon(operator: OperatorOrigin, code: string): Promise<Coupon> {
    return this.database.asSystem(async (tx) => {
      const known = await tx.coupon.findUnique({ where: { code } });
      if (!known) throw missing('coupon');
      const { count } = await tx.coupon.updateMany({
        where: { code, active: true },
        data: { active: false },
      });
      if (count > 0)
        await this.trail.record(tx, operator, { action: 'coupon.ended', target: code });
      return shownCoupon({ ...known, active: false });
    });
  }
}

async function get(tx: Tx, id: string): Promise<Plan> {
  const plan = await tx.plan.findUnique({ where: { id } });
  if (!plan) throw missing('plan');
  return shownPlan(plan);
}

function taken(what: string, id: string): Problem {
  return new Problem(
    'conflict',
    `There is a ${what} ${id} already. Change that one, or choose another id.`,
  );
}

function shownCoupon(row: Omit<Coupon, 'amountMicro'> & { amountMicro: bigint | null }): Coupon {
  const { code, name, basisPoints, amountMicro, currency, duration, invoices, active } = row;
  return {
    ...{ code, name, basisPoints, currency, duration, invoices, active },
    amountMicro: amountMicro === null ? null : String(amountMicro),
  };
}
