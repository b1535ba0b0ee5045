import { z } from 'zod';
import { ChannelName, utf8Bytes } from './channels.js';
import { LIMIT } from './limits.js';
import { ProblemBody } from './problem-body.js';

const PRINTABLE = /^[^\u0000-\u001f\u007f]*$/u;

const boundedText = (what: string, max: number) =>
  z
    .string()
    .min(1, `${what} cannot be empty`)
    .regex(PRINTABLE, `${what} cannot hold control characters`)
    .refine(
      (text) => text.length * 3 <= max || utf8Bytes(text) <= max,
      `${what} has at most ${max} bytes of UTF-8`,
    );

export const MessageId = boundedText('id', LIMIT.idBytes);
export const MessageName = boundedText('name', LIMIT.nameBytes);
export const ClientId = boundedText('clientId', LIMIT.clientIdBytes);

export const MessageHeaders = z
  .record(z.string().min(1), z.string())
  .refine(
    (headers) => Object.keys(headers).length <= LIMIT.messageHeaders,
    `at most ${LIMIT.messageHeaders} headers`,
  )
  .refine(
    (headers) =>
      Object.entries(headers).every(
        ([k, v]) => utf8Bytes(k) + utf8Bytes(v) <= LIMIT.messageHeaderBytes,
      ),
    `a header's name and value have at most ${LIMIT.messageHeaderBytes} bytes together`,
  );

/** Any JSON value; present, though it may be null. The parser has already seen to it that it is JSON. */
const JsonData = z
  .custom<unknown>((value) => value !== undefined, 'data is missing (null is allowed)')
  .meta({
    description: 'Any JSON value.',
  });

const publishFields = {
  data: JsonData,
  name: MessageName.optional(),
  id: MessageId.optional().meta({
    description: 'Idempotency key, remembered for 24 hours at least.',
  }),
  headers: MessageHeaders.optional(),
  ttl: z
    .number()
    .int()
    .min(1)
    .max(LIMIT.ttlMaxSeconds)
    .optional()
    .meta({ description: 'Seconds.' }),
  ifPosition: z.number().int().min(0).safe().optional().meta({
    description: "Publish only if the channel's last position is this; 0: only if it is empty.",
  }),
  encoding: z
    .literal('base64')
    .optional()
    .meta({ description: 'Says that `data` is base64 of bytes.' }),
};

/** One message as a publisher sends it. */
export const PublishMessage = z.strictObject(publishFields);
export type PublishMessage = z.output<typeof PublishMessage>;

export const PublishBody = z.union([
  PublishMessage,
  z.array(PublishMessage).min(1).max(LIMIT.publishBatch),
]);

/** One item of a batch over many channels. */
export const BatchMessage = z.strictObject({ channel: ChannelName, ...publishFields });
export const BatchBody = z.strictObject({
  messages: z.array(BatchMessage).min(1).max(LIMIT.publishBatch),
});

export const PublishedMessage = z.object({
  id: z.string(),
  position: z.number().int(),
  timestamp: z.iso.datetime(),
  duplicate: z.literal(true).optional(),
});

/** One entry of a batch's answer. */
const BatchResult = z.union([
  PublishedMessage.extend({ status: z.literal(201), channel: z.string() }),
  ProblemBody.extend({
    channel: z.string().optional().meta({ description: 'As far as the message named one.' }),
  }),
]);
export const BatchAnswer = z.object({ results: z.array(BatchResult) });

export const PublishAnswer = z.object({ messages: z.array(PublishedMessage), cursor: z.string() });

/** One message as a receiver gets it. */
export const Message = z.object({
  app: z
    .string()
    .optional()
    .meta({ description: 'Whose channel it is, in a poll over several apps.' }),
  channel: z.string(),
  id: z.string(),
  position: z.number().int(),
  previous: z
    .number()
    .int()
    .meta({ description: 'Position of the message before it in its channel; 0: none.' }),
  timestamp: z.iso.datetime(),
  name: z.string().optional(),
  data: z.unknown(),
  encoding: z.literal('base64').optional(),
  clientId: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  replyTo: z
    .string()
    .optional()
    .meta({ description: 'Somebody waits for a reply: POST /v1/replies/{replyTo}.' }),
  inReplyTo: z.string().optional().meta({ description: 'The reply address that this answers.' }),
});
export type Message = z.output<typeof Message>;

/** The query of every publish. */
export const PublishQuery = z.object({
  dryRun: z.enum(['true', 'false']).optional().meta({
    description:
      'true: checks everything, stores and counts nothing, and answers 200 with `dryRun`, `wouldPublish` and `limits` (how full each is), or with the problem that the publish would get.',
  }),
});
