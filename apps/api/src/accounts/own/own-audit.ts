import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { AuditTrail, type AuditFact } from '../../audit/audit-trail.js';

/** What a person does to their own account, told in each tenant that they are a member of. */
@Injectable()
export class OwnAudit {
  constructor(@Inject(AuditTrail) private readonly audit: AuditTrail) {}

  async record(
    tx: Tx,
    user: { id: string; ip: string; userAgent: string | null },
    fact: Omit<AuditFact, 'target'> & { target?: string },
  ): Promise<void> {
    const { id, ip, userAgent } = user;
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
