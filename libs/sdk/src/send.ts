import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { newId } from './publisher.js';
import { PROMPT_MS } from './reader.js';
import type { PublishOptions } from './types.js';

/**
 * Sends one message to a URL that stores it for one receiver; tried again with the same id while that
 * can help. @throws HoldlineError, with the message's id
 */
export async function send(
  { session, retryMs, closing }: ChannelHost,
  path: string,
  data: unknown,
  options: PublishOptions,
): Promise<unknown> {
  const body = { ...options, data, id: options.id ?? newId() };
  const order = { method: 'POST', path, body, timeoutMs: PROMPT_MS } as const;
  try {
    return await session.persist(order, retryMs, closing);
  } catch (error) {
    throw error instanceof HoldlineError ? error.about([body.id]) : error;
  }
}
