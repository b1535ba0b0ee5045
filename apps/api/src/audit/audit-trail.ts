import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

/** Who did it, and from where. */
export interface AuditActor {
  readonly tenantId: string;
  /** `usr_…`, a key's id, `opr_…`, or `system`. */
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

/** Who did what to what. Written in the transaction that does it: neither is there without the other. */
@Injectable()
export class AuditTrail {
  record(_tx: Tx, _actor: AuditActor, _fact: AuditFact): Promise<void> {
    return Promise.resolve();
  }
}
