import type Stripe from 'stripe';
import type { FakeAccount } from '../account.js';
import { part, text, texts, whole, type Form } from '../form.js';
import { page } from '../list.js';
import { missing } from '../refusal.js';
import type { Routes } from '../routes.js';

const KEPT_S = 30 * 86_400;

/** Events of the last 30 days, snapshot ones and thin ones. */
export function eventRoutes(account: FakeAccount): Routes {
  return {
    'GET /v1/events': (query) => {
      const types = texts(query, 'types');
      const type = text(query, 'type');
      const rows = account.events
        .filter(
          (event) =>
            (types.length === 0 || types.includes(event.type)) &&
            (type === null || event.type === type) &&
            within(account, query, event.created),
        )
        .reverse();
      return page<Stripe.Event>(rows, query, '/v1/events');
    },
    'GET /v1/events/:id': (_query, [id = '']) => {
      const event = account.events.find((row) => row.id === id);
      if (!event) throw missing('event', id);
      return event;
    },
    'GET /v2/core/events': (query) => {
      const types = texts(query, 'types');
      const since = text(part(query, 'created') ?? {}, 'gte') ?? '';
      const rows = account.thinEvents.filter(
        (event) => (types.length === 0 || types.includes(event.type)) && event.created >= since,
      );
      return { data: rows.reverse(), next_page_url: null, previous_page_url: null };
    },
    'GET /v2/core/events/:id': (_query, [id = '']) => {
      const event = account.thinEvents.find((row) => row.id === id);
      if (!event) throw missing('event', id);
      return event;
    },
  };
}

function within(account: FakeAccount, query: Form, created: number): boolean {
  if (created < account.clock.seconds() - KEPT_S) return false;
  const exact = query['created'];
  if (typeof exact === 'string') return created === Number(exact);
  const range = part(query, 'created') ?? {};
  const bound = (name: string) => whole(range, name);
  return (
    created >= (bound('gte') ?? -Infinity) &&
    created > (bound('gt') ?? -Infinity) &&
    created <= (bound('lte') ?? Infinity) &&
    created < (bound('lt') ?? Infinity)
  );
}
