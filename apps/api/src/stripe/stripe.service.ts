import { Inject, Injectable } from '@nestjs/common';
import { Problem, type ListQuery, type Page, type StripeDifference } from '#contracts';
import { Database } from '#database';
import type { Logger } from '#platform';
import { Clock } from '../data/clock.js';
import { JobBook } from '../data/job-book.js';
import { LOG } from '../data/log.js';
import { pageById } from '../data/paging.js';
import { Settings } from '../settings.js';
import { EventInbox } from './event-inbox.js';
import { verifiedEvent } from './event-signature.js';
import { EventSweep } from './event-sweep.js';
import { EventWorker } from './event-worker.js';
import { StripeConnection } from './stripe-connection.js';
import { StripeJobs } from './stripe-jobs.js';

/** Stripe, when it is connected: takes its events in, and runs what has to be sent and compared. */
@Injectable()
export class StripeService {
  /** null: not connected. */
  readonly jobs: StripeJobs | null;
  private readonly inbox: EventInbox;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(StripeConnection) { adapter }: StripeConnection,
    @Inject(LOG) log: Logger,
    @Inject(JobBook) book: JobBook,
  ) {
    const now = () => clock.now();
    const inbox = new EventInbox(database, now);
    this.inbox = inbox;
    if (adapter === null) {
      this.jobs = null;
      return;
    }
    const { handlers } = adapter;
    const { stripe } = adapter.parts;
    this.jobs = new StripeJobs({
      adapter,
      worker: new EventWorker({ database, handlers, now, log }),
      sweep: new EventSweep({ stripe, database, inbox, now, log }),
      inbox,
      book,
      log,
    });
    clock.onMove(() => this.jobs?.hurry());
  }

  /** Stores what Stripe signed, once; it is worked on after the answer. @throws Problem invalid_request */
  async take(body: unknown, signature: string | undefined): Promise<void> {
    const { stripe } = this.settings;
    if (stripe === null) {
      throw new Problem(
        'invalid_request',
        'Stripe is not connected to this platform. Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, and start it again.',
      );
    }
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const event = verifiedEvent(bytes, signature, stripe.webhookSecrets, this.clock.now());
    if ((await this.inbox.take([event], 'webhook')) > 0) this.jobs?.poke();
  }

  differences(query: ListQuery): Promise<Page<StripeDifference>> {
    return this.database.asSystem(async (tx) => {
      const page = await pageById(query, {
        exists: (key) => tx.stripeDifference.findUnique({ where: { key }, select: { key: true } }),
        rows: ({ cursor, ...args }) =>
          tx.stripeDifference.findMany({
            orderBy: [
              { settledAt: { sort: 'desc', nulls: 'first' } },
              { foundAt: 'desc' },
              { key: 'asc' },
            ],
            ...args,
            ...(cursor === undefined ? {} : { cursor: { key: cursor.id } }),
          }),
      });
      const data = page.data.map(({ key, foundAt, settledAt, ...row }) => ({
        id: key,
        ...row,
        foundAt: foundAt.toISOString(),
        settledAt: settledAt?.toISOString() ?? null,
      }));
      return { ...page, data };
    });
  }
}
