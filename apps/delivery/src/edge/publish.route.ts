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
import type { Published } from '#mediator';
import { z } from 'zod';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { schemaProblem } from './faults.js';
import { decodeText, parseJson } from './json-body.js';

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
  refuseEncodedBody(exchange);
  const body = await exchange.body(LIMIT.bodyBytes);
  const messages = readMessages(exchange, body);
  if (body.length > rules.maxMessageBytes) checkSizes(messages, rules.maxMessageBytes);
  sendJson(exchange, 201, JSON.stringify(await store(context, principal, channel, messages)));
}

/** The last step of every publish to one channel: counts it, and answers when all of it is durable. */
export async function store(
  context: EdgeContext,
  principal: Principal,
  channel: string,
  messages: readonly PublishMessage[],
): Promise<{ messages: ReturnType<typeof toWire>[]; cursor: string }> {
  context.publishRate.take(principal, messages.length);
  const outcome = await context.mediator.publish({
    app: principal.appId,
    channel,
    clientId: principal.clientId,
    label: principal.keyId,
    messages,
    retention: retentionOf(context.store.rules(principal.appId, channel)),
  });
  return { messages: outcome.messages.map(toWire), cursor: outcome.cursor };
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

/** @throws Problem message_too_large that names the first message over the limit. */
export function checkSizes(messages: readonly PublishMessage[], max: number): void {
  messages.forEach((message, index) => {
    const { data, name, headers } = message;
    const size = utf8Bytes(JSON.stringify({ data, name, headers }));
    if (size <= max) return;
    const which =
      messages.length > 1 ? `Message ${index + 1} of ${messages.length}` : 'The message';
    throw new Problem(
      'message_too_large',
      `${which} has ${size} bytes; this namespace takes ${max}. Store the bulk elsewhere and publish a reference, or raise the namespace's maxMessageBytes.`,
      {
        limit: { name: 'message_bytes', scope: 'namespace', max, used: size, resetAt: null },
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
  const wire = { id, position, timestamp: new Date(timestamp).toISOString() };
  return message.duplicate ? { ...wire, duplicate: true } : wire;
}

export function sendJson(exchange: Exchange, status: number, text: string): void {
  exchange.send(
    status,
    [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(Buffer.byteLength(text)),
      'Cache-Control',
      'no-store',
    ],
    text,
  );
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
