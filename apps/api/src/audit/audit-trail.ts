import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { Clock } from '../data/clock.js';
import { entryHash, NO_HASH } from './audit-chain.js';
import { isOperator, noteForOperators } from './operator-trail.js';
import { storedFacts, toldEntry } from './told-facts.js';

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
    const told = toldEntry(this.clock.now(), actor, fact);
    const content = { ...told, tenantId, seq: (head?.seq ?? 0n) + 1n };
    const hash = entryHash(previousHash, content);
    await tx.auditEntry.create({
      data: { ...content, ...storedFacts(told), previousHash, hash },
    });
    await tx.auditHead.upsert({
      where: { tenantId },
      create: { tenantId, seq: content.seq, hash },
      update: { seq: content.seq, hash },
    });
    if (isOperator(actor.id)) await noteForOperators(tx, tenantId, told);
  }
}
