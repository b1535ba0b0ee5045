import { LIMIT } from '../../contracts/src/limits.js';
import type { Answer } from './chain.js';
import { INBOX, inboxed, subscriptionOf } from './inbox-name.js';
import type { Order } from './transport.js';
import type { View } from './types.js';

/** Servers and proxies take request lines of 8 kB and more; a longer one is not tried. */
const PATH_CHARACTERS = 7_000;

/** What a receive asks for, beside its channels. */
export interface Asked {
  readonly cursor: string | null;
  /** Only without a cursor. */
  readonly from?: string | null;
  /** Seconds. */
  readonly wait: number;
  readonly limit?: number;
}

/** Where a receiver's messages come from, and how that is asked for. */
export interface Source {
  held(channels: readonly string[], asked: Asked): Pick<Order, 'method' | 'path' | 'body'>;
  /** The path of the same as a stream; null: it does not fit, or its proof needs what streams do not say. */
  stream(channels: readonly string[], cursor: string): string | null;
  /** The answer with each channel under the name that this side has for it. */
  named(answer: Answer, channels: readonly string[]): Answer;
}

/** Channels by name and the client's inbox: one held request for all of them. */
export function channelsSource(view: View | null): Source {
  return {
    held: (channels, { cursor, from, wait, limit }) => ({
      method: 'POST',
      path: '/v1/poll',
      body: {
        subscriptions: [subscriptionOf(channels)],
        ...(cursor !== null ? { cursor } : from ? { from } : {}),
        wait,
        ...(limit === undefined ? {} : { limit }),
        ...view,
      },
    }),
    stream(channels, cursor) {
      if (view !== null || channels.length > LIMIT.queryChannels) return null;
      const query = new URLSearchParams();
      for (const channel of channels) {
        if (channel === INBOX) query.append('inbox', 'true');
        else query.append('channel', channel);
      }
      query.append('cursor', cursor);
      const path = `/v1/messages?${query.toString()}`;
      return path.length > PATH_CHARACTERS ? null : path;
    },
    named: inboxed,
  };
}

/** One URL that leads to one channel, whatever that is called on the wire. */
export function urlSource(path: string): Source {
  return {
    held: (_channels, { cursor, from, wait, limit }) => {
      const query = new URLSearchParams({ wait: String(wait) });
      if (cursor !== null) query.set('cursor', cursor);
      else if (from) query.set('from', from);
      if (limit !== undefined) query.set('limit', String(limit));
      return { method: 'GET', path: `${path}?${query.toString()}` };
    },
    stream: (_channels, cursor) => `${path}?${new URLSearchParams({ cursor }).toString()}`,
    named: (answer, [channel = '']) => ({
      ...answer,
      messages: answer.messages.map((message) => ({ ...message, channel })),
      channels: Object.fromEntries(
        Object.values(answer.channels).map((proof) => [channel, proof] as const),
      ),
    }),
  };
}
