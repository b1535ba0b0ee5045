import { z } from 'zod';
import { LIMIT } from './limits.js';
import { ClientId, Message, PublishMessage } from './messages.js';
import { ReceiveQuery } from './receive.js';

const stored = { id: z.string(), position: z.number().int() };

/** What is told of a message that was stored for one receiver. */
const Sent = z.object({ ...stored, duplicate: z.literal(true).optional() });

export const DirectAnswer = Sent.extend({
  delivered: z
    .number()
    .int()
    .meta({ description: 'Held requests (and streams) that this message answered.' }),
  home: z
    .string()
    .nullable()
    .meta({ description: 'The node that holds the client’s poll; null: the client is not there.' }),
  messages: z.array(Sent).optional().meta({
    description: 'One entry for each message of an array; `id` and `position` are the last one’s.',
  }),
});

export const ClientHome = z.object({
  clientId: z.string(),
  node: z.string(),
  since: z.iso.datetime(),
  holds: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'Requests held for it now; null: another node knows.' }),
});

const End = z.strictObject({
  clientId: ClientId.optional().meta({
    description: 'Only this client’s tokens (and keys) may then use the end.',
  }),
});
export const LinkBody = z.strictObject({ a: End.optional(), b: End.optional() });
export type LinkBody = z.output<typeof LinkBody>;

const EndAnswer = z.object({ clientId: z.string().nullable(), messages: z.string() });
export const LinkAnswer = z.object({
  link: z.string(),
  createdAt: z.iso.datetime(),
  a: EndAnswer,
  b: EndAnswer,
});

export const LinkSent = Sent.extend({ messages: z.array(Sent).optional() });

export const RequestQuery = z.object({ wait: ReceiveQuery.shape.wait });
export const RequestBody = PublishMessage;
export const ReplyBody = PublishMessage.omit({ ttl: true, ifPosition: true });

/** A reply is a message like others: who asked gets it, nobody else. */
export const RequestAnswer = z.object({ reply: Message, request: z.object(stored) });
export const ReplyAnswer = Sent;

/** What a request's message carries for those who read it. */
export const ReplyAddress = z
  .string()
  .regex(new RegExp(`^[A-Za-z0-9_-]{${LIMIT.replyAddressLength}}$`));
