import type { EventHandlers } from '#billing';
import type { Database } from '#database';
import type { Logger } from '#platform';

/** Longer than fetching and applying can take: whoever had the object in hand then is gone. */
const CLAIM_MS = 90_000;
const BATCH = 20;
const FIRST_WAIT_MS = 5_000;
const LAST_WAIT_MS = 15 * 60_000;
/** Three days of attempts; then it is left to the operator. */
const MOST_ATTEMPTS = 300;

interface Claimed {
  readonly objectId: string;
  readonly ids: string[];
  readonly types: string[];
  readonly attempts: number;
}

/**
 * Works the inbox off. All events of an object that wait are one piece of work: the object is fetched once,
 * after they were claimed, so that it is at least as new as any of them; and nobody else has the object in
 * hand meanwhile. Their order is of no account.
 */
export class EventWorker {
  constructor(
    private readonly parts: {
      readonly database: Database;
      readonly handlers: Pick<EventHandlers, 'handle'>;
      readonly now: () => number;
      readonly log: Pick<Logger, 'warn' | 'error'>;
      readonly step?: (name: string) => void;
    },
  ) {}

  /** @returns how many objects were in hand: call again while it is not 0 */
  async run(): Promise<number> {
    const claimed = await this.claim();
    if (claimed.length > 0) this.parts.step?.('events claimed');
    for (const work of claimed) await this.work(work);
    return claimed.length;
  }

  private claim(): Promise<Claimed[]> {
    const now = new Date(this.parts.now());
    const until = new Date(now.getTime() + CLAIM_MS);
    return this.parts.database.asSystem(async (tx) => {
      // One claims at a time: two could each take an event of one object.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('stripe_event'))`;
      return tx.$queryRaw<Claimed[]>`
        WITH due AS (
          SELECT object_id FROM stripe_event e
          WHERE state = 'pending' AND next_at <= ${now} AND NOT EXISTS (
            SELECT FROM stripe_event o WHERE o.object_id = e.object_id AND o.claimed_until > ${now}
          )
          GROUP BY object_id ORDER BY min(received_at), object_id LIMIT ${BATCH}
        ), taken AS (
          UPDATE stripe_event e SET claimed_until = ${until}, attempts = attempts + 1
          FROM due WHERE e.object_id = due.object_id AND e.state = 'pending'
          RETURNING e.object_id, e.id, e.type, e.attempts
        )
        SELECT object_id AS "objectId", array_agg(id) AS ids, array_agg(DISTINCT type) AS types,
          max(attempts) AS attempts
        FROM taken GROUP BY object_id`;
    });
  }

  private async work({ objectId, ids, types, attempts }: Claimed): Promise<void> {
    const { database, handlers, now, log, step } = this.parts;
    try {
      // Of one object they all lead to the same handler, but for a customer’s own kinds.
      await handlers.handle(types[0] ?? '', objectId);
    } catch (error) {
      return this.later(objectId, ids, attempts, error as Error);
    }
    step?.('object applied');
    const doneAt = new Date(now());
    await database.asSystem((tx) =>
      tx.stripeEvent.updateMany({
        where: { id: { in: ids } },
        data: { state: 'done', doneAt, claimedUntil: null, fault: null },
      }),
    );
    if (attempts > 1) log.warn({ objectId, attempts }, 'an event of Stripe was taken in after all');
  }

  private async later(
    objectId: string,
    ids: string[],
    attempts: number,
    error: Error,
  ): Promise<void> {
    const { database, now, log } = this.parts;
    const isOver = attempts >= MOST_ATTEMPTS;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20), LAST_WAIT_MS);
    await database.asSystem((tx) =>
      tx.stripeEvent.updateMany({
        where: { id: { in: ids } },
        data: {
          claimedUntil: null,
          fault: error.message.slice(0, 500),
          nextAt: new Date(now() + wait),
          ...(isOver ? { state: 'failed' } : {}),
        },
      }),
    );
    const said = { err: error, objectId, attempts };
    if (isOver) log.error(said, 'an event of Stripe cannot be taken in; it is tried no more');
    else log.warn(said, 'an event of Stripe could not be taken in; it is tried again');
  }
}
