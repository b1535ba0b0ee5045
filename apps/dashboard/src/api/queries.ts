import { queryOptions } from '@tanstack/react-query';
import { answered, api } from './client.js';
import { PAGE, pagedQuery } from './paged.js';

/** Milliseconds between two looks at what changes by itself. */
export const LIVE_MS = 5_000;

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => answered(api.GET('/v1/me')),
  staleTime: 60_000,
});

/** Who of the platform's staff is signed in. */
export const operatorQuery = queryOptions({
  queryKey: ['operator', 'me'],
  queryFn: () => answered(api.GET('/v1/operator/me')),
  staleTime: 60_000,
});

export const appsQuery = queryOptions({
  queryKey: ['apps'],
  queryFn: async () =>
    (await answered(api.GET('/v1/apps', { params: { query: { limit: 100 } } }))).data,
  staleTime: 30_000,
});

/** How one can sign in, beside password and passkey. */
export const loginOptionsQuery = queryOptions({
  queryKey: ['login-options'],
  queryFn: () => answered(api.GET('/v1/login/options')),
  staleTime: Infinity,
});

/** How one signs in. */
export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: () => answered(api.GET('/v1/account')),
});

export const keysQuery = (app: string) =>
  pagedQuery(
    ['apps', app, 'keys'],
    (after) =>
      answered(
        api.GET('/v1/apps/{app}/keys', {
          params: { path: { app }, query: { limit: PAGE, ...(after && { after }) } },
        }),
      ),
    ({ id }) => id,
  );

export const namespacesQuery = (app: string) =>
  pagedQuery(
    ['apps', app, 'namespaces'],
    (after) =>
      answered(
        api.GET('/v1/apps/{app}/namespaces', {
          params: { path: { app }, query: { limit: PAGE, ...(after && { after }) } },
        }),
      ),
    ({ name }) => name,
  );

export const liveChannelsQuery = (app: string, prefix: string) => ({
  ...pagedQuery(
    ['apps', app, 'channels', prefix],
    (after) =>
      answered(
        api.GET('/v1/apps/{app}/channels', {
          params: { path: { app }, query: { limit: PAGE, prefix, ...(after && { after }) } },
        }),
      ),
    ({ name }) => name,
  ),
  refetchInterval: LIVE_MS,
});

export const membersQuery = pagedQuery(
  ['members'],
  (after) =>
    answered(
      api.GET('/v1/members', { params: { query: { limit: PAGE, ...(after && { after }) } } }),
    ),
  ({ id }) => id,
);

export const limitsQuery = queryOptions({
  queryKey: ['limits'],
  queryFn: () => answered(api.GET('/v1/limits')),
  refetchInterval: LIVE_MS,
});
