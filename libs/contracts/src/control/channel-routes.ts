import type { RouteSpec } from '../routes.js';
import { LiveChannelList, LiveChannelQuery } from './live-channels.js';
import { LiveClientList, LiveClientQuery } from './live-clients.js';
import { LiveGroupList, LiveGroupQuery } from './live-groups.js';
import { LIST } from './refusals.js';

export const CHANNEL_ROUTES = {
  listChannels: {
    method: 'GET',
    path: '/v1/apps/{app}/channels',
    tag: 'Channels',
    summary: 'List an app’s live channels with their counts',
    description:
      'A channel is live while requests are held for it, up to a minute after the last one, and while somebody is present in it. A channel that nobody uses now is not listed, whatever its log holds. `unavailable` when the delivery server cannot be reached.',
    auth: 'session',
    query: LiveChannelQuery,
    success: {
      status: 200,
      schema: LiveChannelList,
      description: 'A page of channels, by name.',
    },
    problems: LIST,
  },
  listGroups: {
    method: 'GET',
    path: '/v1/apps/{app}/groups',
    tag: 'Channels',
    summary: 'List an app’s groups, with how far behind they are',
    description:
      'By channel, then by name; those without a member too. `unavailable` when the delivery server cannot be reached.',
    auth: 'session',
    query: LiveGroupQuery,
    success: { status: 200, schema: LiveGroupList, description: 'A page of groups.' },
    problems: LIST,
  },
  listClients: {
    method: 'GET',
    path: '/v1/apps/{app}/clients',
    tag: 'Channels',
    summary: 'List an app’s connected clients',
    description:
      'Clients whose tokens have a clientId and that hold a request or a stream, or did 15 seconds ago. `unavailable` when the delivery server cannot be reached.',
    auth: 'session',
    query: LiveClientQuery,
    success: { status: 200, schema: LiveClientList, description: 'A page of clients, by id.' },
    problems: LIST,
  },
} as const satisfies Record<string, RouteSpec>;
