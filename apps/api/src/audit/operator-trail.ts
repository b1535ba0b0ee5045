import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { Clock } from '../data/clock.js';
import type { AuditActor, AuditFact } from './audit-trail.js';
import { storedFacts, toldEntry } from './told-facts.js';

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
    return noteForOperators(tx, null, toldEntry(this.clock.now(), actor, fact));
  }
}

export function isOperator(actor: string): boolean {
  return actor.startsWith('opr_');
}

/**
 * One line of the log that is read over all tenants.
 * @param tenantId null: it was done to no tenant
 */
export async function noteForOperators(
  tx: Tx,
  tenantId: string | null,
  told: ReturnType<typeof toldEntry>,
): Promise<void> {
  await tx.operatorEntry.create({ data: { ...told, tenantId, ...storedFacts(told) } });
}
