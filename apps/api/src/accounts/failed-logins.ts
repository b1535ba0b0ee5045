import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { Logger } from '#platform';
import { AuditTrail, type AuditActor } from '../audit/audit-trail.js';
import { Clock } from '../data/clock.js';
import { LOG } from '../data/log.js';

const HOUR_MS = 3_600_000;
/** Entries of one tenant in an hour: somebody who guesses from many addresses does not fill its log. */
const PER_HOUR = 60;

/** Wrong passwords for an account that exists, in the audit log of its tenant. */
@Injectable()
export class FailedLogins {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Nobody waits for it: an answer that took longer would tell which accounts there are. */
  note(userId: string, at: Omit<AuditActor, 'id'>): void {
    this.record(userId, { ...at, id: 'anonymous' }).catch((error: unknown) =>
      this.log.warn({ err: error }, 'a wrong password is missing in the audit log'),
    );
  }

  private record(target: string, actor: AuditActor): Promise<void> {
    const { tenantId } = actor;
    return this.database.asSystem(async (tx) => {
      const action = 'login.failed';
      const since = new Date(this.clock.now() - HOUR_MS);
      const lately = await tx.auditEntry.count({
        where: { tenantId, action, at: { gt: since } },
      });
      if (lately < PER_HOUR) await this.audit.record(tx, actor, { action, target });
    });
  }
}
