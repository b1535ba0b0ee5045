import { LIMIT } from '../../contracts/src/limits.js';
import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { newId } from './publisher.js';
import { PROMPT_MS } from './reader.js';
import type { Message, OutgoingMessage } from './types.js';

const MARGIN_MS = 10_000;

/**
 * Publishes a message and waits for the reply to it. A line that is lost meanwhile is asked again with
 * the same id, which finds a reply that came in between; that nobody replied is final.
 * @throws HoldlineError `no_reply`
 */
export async function sendRequest(
  { session, closing }: ChannelHost,
  channel: string,
  message: OutgoingMessage,
  wait: number = LIMIT.holdDefaultSeconds,
): Promise<Message> {
  const body = { ...message, id: message.id ?? newId() };
  const path = `/v1/channels/${encodeURIComponent(channel)}/requests?wait=${wait}`;
  const timeoutMs = wait * 1000 + MARGIN_MS;
  const order = { method: 'POST', path, body, timeoutMs } as const;
  try {
    const answer = (await session.persist(order, timeoutMs, closing)) as { reply?: Message };
    if (!answer?.reply) throw new HoldlineError('bad_answer', 'The answer has no reply.');
    return answer.reply;
  } catch (error) {
    throw error instanceof HoldlineError ? error.about([body.id]) : error;
  }
}

/** @throws HoldlineError `not_found` when nobody waits any more, `conflict` when somebody has replied. */
export async function sendReply(
  { session, retryMs, closing }: ChannelHost,
  to: Message,
  message: OutgoingMessage,
): Promise<void> {
  if (to.replyTo === undefined) {
    throw new HoldlineError('invalid_use', 'Nobody waits for a reply to this message.');
  }
  const body = { ...message, id: message.id ?? newId() };
  const path = `/v1/replies/${encodeURIComponent(to.replyTo)}`;
  await session.persist({ method: 'POST', path, body, timeoutMs: PROMPT_MS }, retryMs, closing);
}
