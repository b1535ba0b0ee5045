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
import { missing } from '../http/validation.js';

/** What the platform offers: plans and coupons. */
@Injectable()
export class OperatorPlansService {
  constructor(@Inject(Database) private readonly database: Database) {}

  list(): Promise<{ data: Plan[] }> {
    return this.database.asSystem(async (tx) => {
      const plans = await tx.plan.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
      return { data: plans.map(shownPlan) };
    });
  }

  create(body: PlanBody): Promise<Plan> {
    return this.database.asSystem(async (tx) => {
      if (!(await createPlan(tx, body))) throw taken('plan', body.id);
      return get(tx, body.id);
    });
  }

  update(id: string, patch: PlanPatch): Promise<Plan> {
    return this.database.asSystem(async (tx) => {
      await get(tx, id);
      return shownPlan(await changePlan(tx, id, patch));
    });
  }

  retire(id: string): Promise<Plan> {
    return this.database.asSystem(async (tx) => {
      if ((await retirePlan(tx, id)) === null) throw missing('plan');
      return get(tx, id);
    });
  }

  coupons(): Promise<{ data: Coupon[] }> {
    return this.database.asSystem(async (tx) => {
      const rows = await tx.coupon.findMany({ orderBy: { code: 'asc' }, take: 1_000 });
      return { data: rows.map(shownCoupon) };
    });
  }

  createCoupon(body: CouponBody): Promise<Coupon> {
    return this.database.asSystem(async (tx) => {
      const amountMicro = body.amountMicro === null ? null : BigInt(body.amountMicro);
      const { count } = await tx.coupon.createMany({
        data: [{ ...body, amountMicro }],
        skipDuplicates: true,
      });
      if (count === 0) throw taken('coupon', body.code);
      return shownCoupon(await tx.coupon.findUniqueOrThrow({ where: { code: body.code } }));
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
