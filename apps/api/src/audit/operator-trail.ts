import { Inject, Injectable } from '@nestjs/common';
import type { Prisma, Tx } from '#database';
import { Clock } from '../data/clock.js';
import type { AuditActor, AuditFact } from './audit-trail.js';
import { toldFacts, toldText } from './told-facts.js';

/** `anonymous` is here who failed to sign in as one. */
export type OperatorTrailActor = Omit<AuditActor, 'tenantId'>;

/**
 * What operators did that belongs to no tenant: plans, coupons, who is an operator, how they sign in.
 * What they do to a tenant comes into this log through that tenant's own (AuditTrail).
 */
@Injectable()
export class OperatorTrail {
  constructor(@Inject(Clock) private readonly clock: Clock) {}

  /** Written in the transaction that does it: neither is there without the other. */
  record(tx: Tx, actor: OperatorTrailActor, fact: AuditFact): Promise<void> {
    return noteForOperators(tx, {
      tenantId: null,
      at: new Date(this.clock.now()),
      actor: toldText(actor.id, 100),
      ip: actor.ip == null ? null : toldText(actor.ip, 64),
      userAgent: actor.userAgent == null ? null : toldText(actor.userAgent, 300),
      action: fact.action,
      target: toldText(fact.target, 300),
      before: toldFacts(fact.before),
      after: toldFacts(fact.after),
    });
  }
}

export function isOperator(actor: string): boolean {
  return actor.startsWith('opr_');
}

interface OperatorFact {
  /** Null: it was done to no tenant. */
  readonly tenantId: string | null;
  readonly at: Date;
  readonly actor: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly action: string;
  readonly target: string;
  readonly before: ReturnType<typeof toldFacts>;
  readonly after: ReturnType<typeof toldFacts>;
}

/** One line of the log that is read over all tenants. The texts are as the audit log takes them. */
export async function noteForOperators(tx: Tx, fact: OperatorFact): Promise<void> {
  const { tenantId, at, actor, ip, userAgent, action, target, before, after } = fact;
  await tx.operatorEntry.create({
    data: {
      ...{ tenantId, at, actor, ip, userAgent, action, target },
      ...(before === null ? {} : { before: before as Prisma.InputJsonObject }),
      ...(after === null ? {} : { after: after as Prisma.InputJsonObject }),
    },
  });
}
