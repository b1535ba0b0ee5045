import { SNAPSHOT_EVENTS, THIN_EVENTS } from '#billing';
import type { Database } from '#database';
import type { Logger } from '#platform';
import type Stripe from 'stripe';
import { createdAt, type EventInbox } from './event-inbox.js';
import type { SignedEvent } from './event-signature.js';

/** Events can become visible a little out of order; what was seen is known by its id. */
const OVERLAP_MS = 15 * 60_000;
/** How far the first sweep of all looks back. */
const FIRST_MS = 24 * 3_600_000;
/** Stripe lists events of the last 30 days. */
const LISTED_MS = 29 * 24 * 3_600_000;

/** Reads Stripe’s own lists of events, for those that never reached the endpoint. */
export class EventSweep {
  constructor(
    private readonly parts: {
      readonly stripe: Stripe;
      readonly database: Database;
      readonly inbox: EventInbox;
      readonly now: () => number;
      readonly log: Pick<Logger, 'error'>;
    },
  ) {}

  /** @returns how many events had been missed */
  async run(): Promise<number> {
    const { stripe } = this.parts;
    const snapshot = await this.sweep('events', (since) =>
      stripe.events.list({
        types: [...SNAPSHOT_EVENTS],
        created: { gte: Math.floor(since.getTime() / 1000) },
        limit: 100,
      }),
    );
    const thin = await this.sweep('thin events', (since) =>
      stripe.v2.core.events.list({
        types: [...THIN_EVENTS],
        // Times of v2 are texts, whatever the type says.
        created: { gte: since.toISOString() as unknown as number },
      }),
    );
    return snapshot + thin;
  }

  private async sweep(
    list: string,
    read: (since: Date) => AsyncIterable<{ id: string; type: string; created: number | string }>,
  ): Promise<number> {
    const { database, inbox, now, log } = this.parts;
    const begun = now();
    const known = await database.asSystem((tx) => tx.stripeSweep.findUnique({ where: { list } }));
    const since = new Date((known?.seenTo.getTime() ?? begun - FIRST_MS) - OVERLAP_MS);
    if (since.getTime() < begun - LISTED_MS) {
      log.error(
        { list, since },
        'Stripe no longer lists all events since then: compare its subscriptions and invoices with ours by hand',
      );
    }
    let missed = 0;
    let seenTo = known?.seenTo ?? new Date(begun - FIRST_MS);
    let batch: SignedEvent[] = [];
    for await (const event of read(since)) {
      batch.push(event);
      const at = createdAt(event);
      if (at > seenTo) seenTo = at;
      if (batch.length < 100) continue;
      missed += await inbox.take(batch, 'sweep');
      batch = [];
    }
    missed += await inbox.take(batch, 'sweep');
    // Only when all of it is in the inbox: a sweep that dies begins again where it began.
    await database.asSystem((tx) =>
      tx.stripeSweep.upsert({ where: { list }, create: { list, seenTo }, update: { seenTo } }),
    );
    return missed;
  }
}
