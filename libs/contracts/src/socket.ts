import { z } from 'zod';
import { ChannelName } from './channels.js';
import { ViewFields } from './filters.js';
import { LIMIT } from './limits.js';
import { ACKS_FIT, AckLists, acksFit, GroupName, Visibility } from './groups.js';
import { ClientId, PublishMessage } from './messages.js';
import { CursorText, FromText } from './receive.js';

/** The WebSocket's subprotocol. A frame is JSON text; both sides name its kind by `type`. */
export const SOCKET_PROTOCOL = 'holdline.v1';

/** Limits of one WebSocket. */
export const SOCKET_LIMIT = {
  /** Bytes of one frame from the client: room for the largest message, however it is escaped. */
  frameBytes: 4 * LIMIT.messageMaxBytes,
  /** Subscriptions at the same time; each is a hold of its own. */
  subscriptions: 50,
  /** Channels over all subscriptions. */
  channels: LIMIT.pollChannels,
  /** Publishes, acks and the like that are not answered yet; then the client's next frame waits. */
  publishes: 64,
  /** Members that one connection keeps present. */
  members: 500,
  /** Seconds between the server's pings: some paths cut what is quiet for 20. */
  heartbeatSeconds: 15,
} as const;

/** Names a subscription, or ties an answer to its frame. */
export const FrameId = z.string().min(1).max(LIMIT.idBytes);

const Subscribe = z
  .strictObject({
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
    group: GroupName.optional().meta({
      description:
        'Consumes from this group of the one channel: each message goes to one member, with an `ackId`. `limit` is how many it may have that it did not ack.',
    }),
    visibility: Visibility.optional(),
    ...ViewFields,
  })
  .superRefine((frame, context) => {
    const { group, visibility, channels, inbox, cursor, from, presenceEvents } = frame;
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (group === undefined) {
      if (visibility !== undefined) fault('visibility', 'is for a subscription with `group`');
      return;
    }
    if (channels.length !== 1) fault('channels', 'names one channel, as a group is of one');
    const others = { inbox, cursor, from, presenceEvents };
    for (const name of [...Object.keys(others), ...Object.keys(ViewFields)]) {
      if ((frame as Record<string, unknown>)[name] !== undefined) {
        fault(name, 'is not for a group: it has a place of its own, and hands out every message');
      }
    }
  });

/** What a client sends. */
export const SOCKET_FRAMES = {
  subscribe: Subscribe,
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), id: FrameId }),
  publish: z.strictObject({
    type: z.literal('publish'),
    id: FrameId.optional(),
    channel: ChannelName,
    messages: z.array(PublishMessage).min(1).max(LIMIT.publishBatch),
  }),
  ack: z
    .strictObject({
      type: z.literal('ack'),
      id: FrameId.optional(),
      channel: ChannelName,
      group: GroupName,
      ...AckLists,
    })
    .refine(acksFit, ACKS_FIT),
  presence: z
    .strictObject({
      type: z.literal('presence'),
      id: FrameId.optional(),
      action: z.enum(['enter', 'leave']).meta({
        description:
          '`enter`: present as long as the connection lives, and 15 seconds after; again: with other data. `leave`: not present from now on.',
      }),
      channel: ChannelName,
      clientId: ClientId.optional().meta({
        description: 'The token’s own client without it. A key names whom it speaks for.',
      }),
      data: z.unknown().optional().meta({ description: 'Any JSON value of up to 4 kB.' }),
    })
    .refine(({ action, data }) => action === 'enter' || data === undefined, {
      path: ['data'],
      message: 'is for `enter`',
    }),
  ping: z.strictObject({ type: z.literal('ping'), id: FrameId.optional() }),
} as const;

export type SubscribeFrame = z.output<typeof SOCKET_FRAMES.subscribe>;
export type AckFrame = z.output<typeof SOCKET_FRAMES.ack>;
export type PresenceFrame = z.output<typeof SOCKET_FRAMES.presence>;
export type PublishFrame = z.output<typeof SOCKET_FRAMES.publish>;

/** The query of GET /v1/ws. */
export const SocketQuery = z.object({
  access_token: z.string().optional().meta({
    description: 'A client token, where the client cannot send the Authorization header.',
  }),
});
