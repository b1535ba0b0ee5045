import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { AuditTrail, type AuditFact } from '../../audit/audit-trail.js';
import { isOperator, OperatorTrail } from '../../audit/operator-trail.js';

/**
 * What a person does to their own account: of a user told in each tenant that they are a member of, of an
 * operator in the operators' log.
 */
@Injectable()
export class OwnAudit {
  constructor(
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OperatorTrail) private readonly operators: OperatorTrail,
  ) {}

  async record(
    tx: Tx,
    person: { id: string; ip: string; userAgent: string | null },
    fact: Omit<AuditFact, 'target'> & { target?: string },
  ): Promise<void> {
    const { id, ip, userAgent } = person;
    if (isOperator(id))
      return this.operators.record(tx, { id, ip, userAgent }, { target: id, ...fact });
    const memberships = await tx.member.findMany({
      where: { userId: id },
      // Always in this order: two that wait for each other's tenant never end.
      orderBy: { tenantId: 'asc' },
      select: { tenantId: true },
    });
    for (const { tenantId } of memberships)
      await this.audit.record(tx, { tenantId, id, ip, userAgent }, { target: id, ...fact });
  }
}
