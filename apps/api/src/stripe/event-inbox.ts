import { isKnownEvent, objectOfEvent } from '#billing';
import type { Database } from '#database';
import type { SignedEvent } from './event-signature.js';

/** Longer than Stripe lists events (30 days), so that a sweep never takes one for new again. */
const KEPT_MS = 40 * 24 * 3_600_000;

/** Each event once, by its id, however often and by whichever way it comes. */
export class EventInbox {
  constructor(
    private readonly database: Database,
    private readonly now: () => number,
  ) {}

  /** @returns how many were new; events that nobody works on are not kept */
  async take(events: readonly SignedEvent[], via: 'webhook' | 'sweep'): Promise<number> {
    const receivedAt = new Date(this.now());
    const data = events
      .filter(({ type }) => isKnownEvent(type))
      .map((event) => ({
        id: event.id,
        type: event.type,
        objectId: objectOfEvent(event).slice(0, 255),
        created: createdAt(event),
        receivedAt,
        nextAt: receivedAt,
        via,
      }));
    if (data.length === 0) return 0;
    const { count } = await this.database.asSystem((tx) =>
      tx.stripeEvent.createMany({ data, skipDuplicates: true }),
    );
    return count;
  }

  /** What was done long ago is forgotten. */
  async prune(): Promise<void> {
    const before = new Date(this.now() - KEPT_MS);
    await this.database.asSystem((tx) =>
      tx.stripeEvent.deleteMany({ where: { state: 'done', created: { lt: before } } }),
    );
  }
}

export function createdAt({ created }: SignedEvent): Date {
  const date = new Date(typeof created === 'number' ? created * 1000 : created);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}
