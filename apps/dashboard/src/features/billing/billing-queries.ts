import { queryOptions } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';

/** Milliseconds; what the period costs so far changes with every message. */
const FRESH_MS = 10_000;

export const planQuery = queryOptions({
  queryKey: ['billing', 'plan'],
  queryFn: () => answered(api.GET('/v1/billing/plan')),
});

export const upcomingQuery = queryOptions({
  queryKey: ['billing', 'upcoming'],
  queryFn: () => answered(api.GET('/v1/billing/upcoming')),
  refetchInterval: FRESH_MS,
  // Without a plan there is none: that is an answer, not a fault.
  retry: false,
});

export const budgetsQuery = queryOptions({
  queryKey: ['billing', 'budgets'],
  queryFn: () => answered(api.GET('/v1/billing/budgets')),
  refetchInterval: FRESH_MS,
});

export const invoicesQuery = pagedQuery(
  ['billing', 'invoices'],
  (after) =>
    answered(
      api.GET('/v1/billing/invoices', {
        params: { query: { limit: PAGE, ...(after && { after }) } },
      }),
    ),
  ({ id }) => id,
);

export const ledgerQuery = pagedQuery(
  ['billing', 'ledger'],
  (after) =>
    answered(
      api.GET('/v1/billing/ledger', {
        params: { query: { limit: PAGE, ...(after && { after }) } },
      }),
    ),
  ({ id }) => id,
);
