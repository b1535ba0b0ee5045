import type { Answer } from './chain.js';
import type { Message } from './types.js';

/** The client's own inbox, whatever its token calls it. No channel of this name exists on the wire. */
export const INBOX = 'inbox:';

/** How a poll asks for channels of which one may be the inbox. */
export function subscriptionOf(channels: readonly string[]): object {
  const named = channels.filter((channel) => channel !== INBOX);
  return named.length === channels.length ? { channels } : { channels: named, inbox: true };
}

const originals = new WeakMap<Message, Message>();

/** The message as the wire had it. */
export function original(message: Message): Message {
  return originals.get(message) ?? message;
}

/** The same answer, with what is of the inbox under the one name that this side has for it. */
export function inboxed(answer: Answer, channels: readonly string[]): Answer {
  if (!channels.includes(INBOX)) return answer;
  const messages = answer.messages.map((message) => {
    if (!message.channel.startsWith(INBOX)) return message;
    const mine = { ...message, channel: INBOX };
    originals.set(mine, message);
    return mine;
  });
  const proofs = Object.entries(answer.channels).map(
    ([channel, proof]) => [channel.startsWith(INBOX) ? INBOX : channel, proof] as const,
  );
  return { ...answer, messages, channels: Object.fromEntries(proofs) };
}
