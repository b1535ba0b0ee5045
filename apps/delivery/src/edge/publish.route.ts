import {
  LIMIT,
  MessageId,
  MessageName,
  Problem,
  PublishMessage,
  utf8Bytes,
  type NamespaceRules,
} from '#contracts';
import { requireCapability, type Principal } from '#access';
import { checkBatch } from '#limits';
import { isoTime, type Published, type PublishOrder } from '#mediator';
import { z } from 'zod';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { answerDryRun, isDryRun } from './dry-run.js';
import { schemaProblem } from './faults.js';
import { decodeText, parseJson } from './json-body.js';
import { look } from './look.js';
import { countWithin, foresee, isUncertain, limitHeaders, publishWithin } from './publishing.js';
import { sendJson } from './send-json.js';

const MessageArray = z.array(PublishMessage).min(1).max(LIMIT.publishBatch);

/** POST /v1/channels/{channel}/messages: an object, an array, or a body of any other type as one message. */
export async function publish(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
): Promise<void> {
  requireCapability(principal, 'publish', channel);
  const rules = context.store.rules(principal.appId, channel);
  checkPublisher(principal, rules, channel);
  foresee(context, principal, channel);
  const { body, messages } = await takeBody(exchange, principal, rules);
  const { length: bytes } = body;
  if (isDryRun(exchange)) {
    return answerDryRun(context, exchange, principal, { channel, messages, bytes });
  }
  const order = orderOf(principal, channel, messages, rules);
  const stored = await store(context, principal, order, bytes);
  const headers = limitHeaders(context, principal, channel);
  if (headers.length > 0) exchange.always(headers);
  sendJson(exchange, 201, JSON.stringify(stored));
}

/**
 * The body of a publish and what it says, within the sizes that the namespace and the limits allow.
 * @throws Problem message_too_large, invalid_request, invalid_message, unsupported_media_type
 */
export async function takeBody(
  exchange: Exchange,
  principal: Principal,
  rules: NamespaceRules,
): Promise<{ body: Buffer; messages: readonly PublishMessage[] }> {
  refuseEncodedBody(exchange);
  const body = await exchange.body(principal.limits.body_bytes ?? LIMIT.bodyBytes);
  const messages = readMessages(exchange, body);
  checkSizes(principal, messages, body.length, rules);
  return { body, messages };
}

export function orderOf(
  { appId, clientId, keyId }: Principal,
  channel: string,
  messages: readonly PublishMessage[],
  rules: NamespaceRules,
): PublishOrder {
  return { app: appId, channel, clientId, messages, retention: retentionOf(rules), label: keyId };
}

export interface StoredAnswer {
  readonly messages: ReturnType<typeof toWire>[];
  readonly cursor: string;
}

/** A publish to one channel, whatever brought it: within limits, and answered when all of it is durable. */
export async function store(
  context: EdgeContext,
  principal: Principal,
  order: PublishOrder,
  bytes: number,
): Promise<StoredAnswer> {
  const { channel, messages } = order;
  if (context.mediator.awaitsReply(principal.appId, channel)) {
    return replyByName(context, principal, channel, messages, bytes);
  }
  const outcome = await publishWithin(context, principal, order, { bytes });
  return { messages: outcome.messages.map(toWire), cursor: outcome.cursor };
}

/**
 * A publish to the channel that is called like the `replyTo` of a request that waits: it is the reply.
 * @throws Problem conflict, invalid_message
 */
async function replyByName(
  context: EdgeContext,
  principal: Principal,
  address: string,
  messages: readonly PublishMessage[],
  bytes: number,
): Promise<StoredAnswer> {
  const [message] = messages;
  if (!message || messages.length > 1) {
    throw new Problem('invalid_message', 'A request has one reply, and a reply is one message.');
  }
  const stored = await reply(context, principal, address, message, bytes);
  const { cursor } = await look(context, principal, address, null);
  return { messages: [toWire(stored)], cursor };
}

/**
 * @throws Problem not_found where nobody waits, conflict where somebody else has replied,
 * invalid_message
 */
export async function reply(
  context: EdgeContext,
  principal: Principal,
  address: string,
  { ttl, ifPosition, ...message }: PublishMessage,
  bytes: number,
): Promise<Published> {
  if (ttl !== undefined || ifPosition !== undefined) {
    throw new Problem(
      'invalid_message',
      'A reply takes no ttl and no ifPosition: it is handed to who asked. Leave them out.',
    );
  }
  const channel = 'reply:';
  const { giveBack, ...counted } = await countWithin(context, principal, channel, { bytes });
  try {
    return await context.mediator.reply({
      app: principal.appId,
      address,
      clientId: principal.clientId,
      message,
      retention: retentionOf(context.store.rules(principal.appId, channel)),
      ...counted,
    });
  } catch (error) {
    if (!isUncertain(error)) giveBack();
    throw error;
  }
}

/** @throws Problem forbidden when the namespace lets only keys publish. */
export function checkPublisher(principal: Principal, rules: NamespaceRules, channel: string): void {
  if (rules.publishers === 'keys' && principal.kind !== 'key') {
    throw new Problem(
      'forbidden',
      `In this namespace only API keys may publish; the channel ${JSON.stringify(channel)} takes no message from a token.`,
      {
        capability: { operation: 'publish', channel },
      },
    );
  }
}

/** Messages of a namespace without persistence are kept this long: over the gap between two polls. */
const TRANSIENT_SECONDS = 600;

export function retentionOf(rules: NamespaceRules): { seconds: number; messages: number | null } {
  return rules.persistence
    ? { seconds: rules.retentionSeconds, messages: rules.retentionMessages }
    : {
        seconds: Math.min(TRANSIENT_SECONDS, rules.retentionSeconds),
        messages: rules.retentionMessages,
      };
}

/**
 * @param bytes that carried them all: none of them is larger.
 * @throws Problem message_too_large: too many for one request, or the first that is too large.
 */
export function checkSizes(
  principal: Principal,
  messages: readonly PublishMessage[],
  bytes: number,
  rules: NamespaceRules,
): void {
  checkBatch(principal, messages.length);
  const ofPlan = principal.limits.message_bytes ?? Infinity;
  const max = Math.min(rules.maxMessageBytes, ofPlan);
  if (bytes <= max) return;
  const scope = ofPlan < rules.maxMessageBytes ? 'request' : 'namespace';
  messages.forEach((message, index) => {
    const { data, name, headers } = message;
    const size = utf8Bytes(JSON.stringify({ data, name, headers }));
    if (size <= max) return;
    const which =
      messages.length > 1 ? `Message ${index + 1} of ${messages.length}` : 'The message';
    throw new Problem(
      'message_too_large',
      `${which} has ${size} bytes; ${scope === 'request' ? 'the plan' : 'this namespace'} takes ${max}. Store the bulk elsewhere and publish a reference, or raise ${scope === 'request' ? 'the limit message_bytes' : "the namespace's maxMessageBytes"}.`,
      {
        limit: { name: 'message_bytes', scope, max, used: size, resetAt: null },
      },
    );
  });
}

export function toWire(message: Published): {
  id: string;
  position: number;
  timestamp: string;
  duplicate?: true;
} {
  const { id, position, timestamp } = message;
  const wire = { id, position, timestamp: isoTime(timestamp) };
  return message.duplicate ? { ...wire, duplicate: true } : wire;
}

/** A compressed body could grow without bound when opened, so none is taken. */
export function refuseEncodedBody(exchange: Exchange): void {
  const encoding = exchange.header('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem(
      'unsupported_media_type',
      `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} is not taken. Send the body as it is.`,
    );
  }
}

/** The media type without its parameters, in lower case; '' when none was sent. */
export function mediaType(exchange: Exchange): string {
  const type = exchange.header('content-type') ?? '';
  if (type === 'application/json') return type;
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new Problem(
      'unsupported_media_type',
      `The charset ${JSON.stringify(charset.slice(0, 40))} is not taken. Send UTF-8.`,
    );
  }
  return (type.split(';', 1)[0] as string).trim().toLowerCase();
}

/** @throws Problem invalid_request, invalid_message, unsupported_media_type */
export function readMessages(exchange: Exchange, body: Buffer): readonly PublishMessage[] {
  const type = mediaType(exchange);
  if (type !== 'application/json') return [rawMessage(exchange, type, body)];
  const json = parseJson(body);
  if (Array.isArray(json)) {
    const parsed = MessageArray.safeParse(json);
    if (!parsed.success)
      throw schemaProblem('invalid_message', parsed.error, 'The array is not valid');
    return parsed.data;
  }
  const parsed = PublishMessage.safeParse(json);
  if (!parsed.success)
    throw schemaProblem('invalid_message', parsed.error, 'The message is not valid');
  return [parsed.data];
}

/** Text and forms travel as a string, everything else as base64. */
function rawMessage(exchange: Exchange, type: string, body: Buffer): PublishMessage {
  const isText =
    type.startsWith('text/') ||
    type === 'application/x-www-form-urlencoded' ||
    /[/+](json|xml|javascript)$/.test(type);
  const id = rawField(exchange, 'holdline-id', MessageId);
  const name = rawField(exchange, 'holdline-name', MessageName);
  return {
    data: isText ? decodeText(body) : body.toString('base64'),
    ...(isText ? {} : { encoding: 'base64' as const }),
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
  };
}

function rawField(
  exchange: Exchange,
  header: string,
  schema: typeof MessageId,
): string | undefined {
  const value = exchange.header(header);
  if (value === undefined) return undefined;
  // Node reads header bytes as latin-1; a name in UTF-8 is put together again.
  const parsed = schema.safeParse(decodeText(Buffer.from(value, 'latin1')));
  if (!parsed.success)
    throw schemaProblem('invalid_message', parsed.error, `The header ${header} is not valid`);
  return parsed.data;
}
