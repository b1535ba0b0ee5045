import type { RouteSpec } from '../routes.js';
import { LiveChannelList, LiveChannelQuery } from './live-channels.js';
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
} as const satisfies Record<string, RouteSpec>;
