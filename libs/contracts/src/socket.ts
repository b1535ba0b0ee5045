import { z } from 'zod';
import { ChannelName } from './channels.js';
import { ViewFields } from './filters.js';
import { LIMIT } from './limits.js';
import { PublishMessage } from './messages.js';
import { CursorText, FromText } from './receive.js';

/** The WebSocket's subprotocol. A frame is JSON text; both sides name its kind by `type`. */
export const SOCKET_PROTOCOL = 'holdline.v1';

/** Limits of one WebSocket. */
export const SOCKET_LIMIT = {
  /** Bytes of one frame from the client. */
  frameBytes: 1024 * 1024,
  /** Subscriptions at the same time; each is a hold of its own. */
  subscriptions: 50,
  /** Channels over all subscriptions. */
  channels: LIMIT.pollChannels,
  /** Publishes that are not answered yet; then the client's next frame waits. */
  publishes: 64,
  /** Seconds between the server's pings. */
  heartbeatSeconds: 25,
} as const;

/** Names a subscription, or ties an answer to its frame. */
export const FrameId = z.string().min(1).max(LIMIT.idBytes);

/** What a client sends. */
export const SOCKET_FRAMES = {
  subscribe: z.strictObject({
    type: z.literal('subscribe'),
    id: FrameId.optional().meta({
      description:
        'Names the subscription; one is made up without it. With the id of one that is there: its channels are replaced, and it goes on where it was.',
    }),
    channels: z.array(ChannelName).max(SOCKET_LIMIT.channels).default([]),
    inbox: z.boolean().optional().meta({ description: 'Adds the inbox of the token’s client.' }),
    cursor: CursorText.optional(),
    from: FromText.optional(),
    limit: z.number().int().min(1).max(LIMIT.answerMessages).optional(),
    presenceEvents: z.boolean().optional().meta({
      description: 'Adds changes of the channels’ presence, as items of type `presence`.',
    }),
    ...ViewFields,
  }),
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), id: FrameId }),
  publish: z.strictObject({
    type: z.literal('publish'),
    id: FrameId.optional(),
    channel: ChannelName,
    messages: z.array(PublishMessage).min(1).max(LIMIT.publishBatch),
  }),
  ping: z.strictObject({ type: z.literal('ping'), id: FrameId.optional() }),
} as const;

export type SubscribeFrame = z.output<typeof SOCKET_FRAMES.subscribe>;
export type PublishFrame = z.output<typeof SOCKET_FRAMES.publish>;

/** The query of GET /v1/ws. */
export const SocketQuery = z.object({
  access_token: z.string().optional().meta({
    description: 'A client token, where the client cannot send the Authorization header.',
  }),
});
