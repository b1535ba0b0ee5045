import { emitEvent } from '#webhooks';
import type { BillingHooks } from '#billing';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../data/clock.js';

/** What the ledger needs of its surroundings when Stripe’s news change it. */
export function stripeHooks(audit: AuditTrail, clock: Clock): BillingHooks {
  return {
    emit: (tx, event) => emitEvent(tx, { ...event, appId: null }),
    audit: (tx, { tenantId, actor, ...fact }) => audit.record(tx, { tenantId, id: actor }, fact),
    now: () => clock.now(),
  };
}
