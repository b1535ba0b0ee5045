import { LIMIT, Problem, reservedRoute } from '#contracts';
import type { Principal } from '#access';
import { presenceChannel, type PresenceEntry, type Subscription } from '#mediator';
import type { EdgeContext } from './context.js';
import { ownerOf } from './hold-owner.js';
import { checkPresence, dataText, roomOf } from './presence.route.js';
import type { Reader } from './receive.route.js';

/**
 * Whom a poll's `presence` keeps present: the client of each token whose channels it names.
 * @throws Problem invalid_request, forbidden, message_too_large
 */
export function presenceEntries(
  context: EdgeContext,
  readers: readonly Reader[],
  presence: Readonly<Record<string, unknown>>,
): PresenceEntry[] {
  const entries: PresenceEntry[] = [];
  for (const [channel, value] of Object.entries(presence)) {
    const data = dataText(value, `of the channel ${JSON.stringify(channel)}`);
    const there = readers.filter(({ channels }) => channels.includes(channel));
    if (there.length === 0) throw notPolled(channel);
    for (const { principal } of there) {
      checkPresence(context, principal, channel);
      if (principal.clientId === null) throw noClient(principal);
      const { clientId } = principal;
      const room = roomOf(principal);
      entries.push({ owner: ownerOf(principal), channel, clientId, data, room });
    }
  }
  return entries;
}

/**
 * What a reader subscribes to besides, to be told of changes in who is present.
 * @throws Problem forbidden, invalid_request, unavailable
 */
export function watchPresence(context: EdgeContext, readers: readonly Reader[]): Subscription[] {
  const watched = readers.map(({ principal, channels }) => ({
    principal,
    // Inboxes and links have no presence.
    channels: channels.filter((channel) => reservedRoute(channel) === null),
  }));
  const total = readers.reduce((sum, { channels }, i) => {
    return sum + channels.length + watched[i]!.channels.length;
  }, 0);
  if (total > LIMIT.pollChannels) throw tooMany(total);
  return watched
    .filter(({ channels }) => channels.length > 0)
    .map(({ principal, channels }) => {
      for (const channel of channels) {
        checkPresence(context, principal, channel);
        context.presence.watch(principal.appId, channel);
      }
      return { owner: ownerOf(principal), channels: channels.map(presenceChannel) };
    });
}

const notPolled = (channel: string): Problem =>
  new Problem(
    'invalid_request',
    `The presence names the channel ${JSON.stringify(channel)}, which this poll does not receive from. Add it to a subscription's channels, or use PUT /v1/channels/{channel}/presence/{clientId}.`,
    { errors: [{ pointer: '/presence', message: 'names a channel that is not polled' }] },
  );

const noClient = ({ kind }: Principal): Problem =>
  new Problem(
    'forbidden',
    kind === 'key'
      ? 'An API key is no client, so its poll cannot keep one present. Poll with a token that has a clientId, or use PUT /v1/channels/{channel}/presence/{clientId}.'
      : 'This token names no client, so its poll cannot keep one present. Make it with a clientId (POST /v1/tokens).',
  );

const tooMany = (total: number): Problem =>
  new Problem(
    'invalid_request',
    `A poll that watches presence counts each channel twice: ${total}, and ${LIMIT.pollChannels} fit. Divide the channels over two polls.`,
    {
      limit: {
        name: 'poll_channels',
        scope: 'request',
        max: LIMIT.pollChannels,
        used: total,
        resetAt: null,
      },
    },
  );
