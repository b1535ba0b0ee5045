import type { MediatorHooks } from '#mediator';
import type { ActivityBook } from './activity-book.js';

/** The mediator's counters, told to the activity book too: what comes once a batch, nothing of each receiver. */
export function countingActivity(hooks: MediatorHooks, book: ActivityBook): MediatorHooks {
  return {
    ...hooks,
    published: (messages, app, label) => {
      hooks.published?.(messages, app, label);
      // What the platform itself stores is nobody's.
      if (label !== undefined && messages > 0) book.published(app, messages);
    },
    delivered: (app, channel, messages, receivers, acceptedAt) => {
      hooks.delivered?.(app, channel, messages, receivers, acceptedAt);
      book.delivered(app, channel, messages, receivers, acceptedAt);
    },
  };
}
