import { Inject, Injectable } from '@nestjs/common';
import type { Prisma, Tx } from '#database';
import { Clock } from '../data/clock.js';
import { entryHash, NO_HASH } from './audit-chain.js';
import { isOperator, noteForOperators } from './operator-trail.js';
import { toldFacts, toldText } from './told-facts.js';

/** Who did it, and from where. */
export interface AuditActor {
  readonly tenantId: string;
  /** `usr_…`, a key's id, `opr_…`, `anonymous` (somebody who failed to sign in), or `system`. */
  readonly id: string;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
}

export interface AuditFact {
  /** `key.created`, `plan.changed`, …: the thing and what was done to it. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly target: string;
  /** What matters of it before and after, without secrets. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/**
 * Who did what to what. Written in the transaction that does it: neither is there without the other.
 * Record last: from here to the end of the transaction the tenant's other changes wait.
 */
@Injectable()
export class AuditTrail {
  constructor(@Inject(Clock) private readonly clock: Clock) {}

  async record(tx: Tx, actor: AuditActor, fact: AuditFact): Promise<void> {
    const { tenantId } = actor;
    // One after another: two that read the same end of the chain would fork it.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`audit:${tenantId}`}, 0))`;
    const head = await tx.auditHead.findUnique({ where: { tenantId } });
    const previousHash = head?.hash ?? NO_HASH;
    const before = toldFacts(fact.before);
    const after = toldFacts(fact.after);
    const content = {
      tenantId,
      seq: (head?.seq ?? 0n) + 1n,
      at: new Date(this.clock.now()),
      actor: toldText(actor.id, 100),
      ip: actor.ip == null ? null : toldText(actor.ip, 64),
      userAgent: actor.userAgent == null ? null : toldText(actor.userAgent, 300),
      action: fact.action,
      target: toldText(fact.target, 300),
    };
    const hash = entryHash(previousHash, { ...content, before, after });
    await tx.auditEntry.create({
      data: {
        ...content,
        ...(before === null ? {} : { before: before as Prisma.InputJsonObject }),
        ...(after === null ? {} : { after: after as Prisma.InputJsonObject }),
        previousHash,
        hash,
      },
    });
    await tx.auditHead.upsert({
      where: { tenantId },
      create: { tenantId, seq: content.seq, hash },
      update: { seq: content.seq, hash },
    });
    if (isOperator(actor.id)) await noteForOperators(tx, { ...content, before, after });
  }
}
