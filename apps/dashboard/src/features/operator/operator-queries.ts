import { queryOptions } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';
import { LIVE_MS } from '../../api/queries.js';

export interface TenantFilter {
  readonly search: string;
  readonly status: '' | 'active' | 'suspended' | 'closed';
}

export const tenantsQuery = ({ search, status }: TenantFilter) =>
  pagedQuery(
    ['operator', 'tenants', search, status],
    (after) =>
      answered(
        api.GET('/v1/operator/tenants', {
          params: {
            query: {
              limit: PAGE,
              ...(search.trim() && { search: search.trim() }),
              ...(status && { status }),
              ...(after && { after }),
            },
          },
        }),
      ),
    ({ id }) => id,
  );

export const tenantQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['operator', 'tenant', tenant],
    queryFn: () =>
      answered(api.GET('/v1/operator/tenants/{tenant}', { params: { path: { tenant } } })),
  });

export const tenantBillingQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['operator', 'tenant', tenant, 'billing'],
    queryFn: () =>
      answered(api.GET('/v1/operator/tenants/{tenant}/billing', { params: { path: { tenant } } })),
  });

export const tenantLimitsQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['operator', 'tenant', tenant, 'limits'],
    queryFn: () =>
      answered(api.GET('/v1/operator/tenants/{tenant}/limits', { params: { path: { tenant } } })),
    refetchInterval: LIVE_MS,
  });

export const plansQuery = queryOptions({
  queryKey: ['operator', 'plans'],
  queryFn: () => answered(api.GET('/v1/operator/plans')),
});

export const couponsQuery = queryOptions({
  queryKey: ['operator', 'coupons'],
  queryFn: () => answered(api.GET('/v1/operator/coupons')),
});

export interface InvoiceFilter {
  readonly tenant?: string;
  readonly state?: 'draft' | 'open' | 'paid' | 'void';
}

export const operatorInvoicesQuery = (filter: InvoiceFilter) =>
  pagedQuery(
    ['operator', 'invoices', filter],
    (after) =>
      answered(
        api.GET('/v1/operator/invoices', {
          params: { query: { limit: PAGE, ...filter, ...(after && { after }) } },
        }),
      ),
    ({ id }) => id,
  );

export const nodesQuery = queryOptions({
  queryKey: ['operator', 'nodes'],
  queryFn: () => answered(api.GET('/v1/operator/nodes')),
  refetchInterval: LIVE_MS,
});

export const troubleQuery = queryOptions({
  queryKey: ['operator', 'limits'],
  queryFn: () => answered(api.GET('/v1/operator/limits')),
  // The counts run over what all tenants have.
  refetchInterval: 3 * LIVE_MS,
});

export const reconciliationQuery = queryOptions({
  queryKey: ['operator', 'reconciliation'],
  queryFn: () => answered(api.GET('/v1/operator/reconciliation')),
});

export const differencesQuery = pagedQuery(
  ['operator', 'differences'],
  (after) =>
    answered(
      api.GET('/v1/operator/stripe/differences', {
        params: { query: { limit: PAGE, ...(after && { after }) } },
      }),
    ),
  ({ id }) => id,
);

export const staffQuery = queryOptions({
  queryKey: ['operator', 'operators'],
  queryFn: () => answered(api.GET('/v1/operator/operators')),
});

export const operatorLogQuery = (operator: string) =>
  pagedQuery(
    ['operator', 'log', operator],
    (after) =>
      answered(
        api.GET('/v1/operator/log', {
          params: {
            query: {
              limit: PAGE,
              ...(operator && { operator }),
              ...(after !== undefined && { after: Number(after) }),
            },
          },
        }),
      ),
    ({ id }) => String(id),
  );
