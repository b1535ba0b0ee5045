import { examine } from './chain.js';
import type { Answer, Place, Verdict } from './chain.js';
import type { Message } from './types.js';

/** What an answer is worth, for each of the channels that were asked for. Pure. */
export function judge(
  list: readonly { readonly channel: string; readonly place: Place | null }[],
  answer: Answer,
): Map<string, Verdict> {
  const messages = byChannel(answer.messages);
  const verdicts = new Map<string, Verdict>();
  for (const { channel, place } of list) {
    const proof = answer.channels[channel];
    verdicts.set(channel, examine(channel, messages.get(channel) ?? [], proof, place));
  }
  return verdicts;
}

function byChannel(messages: readonly Message[]): Map<string, Message[]> {
  const map = new Map<string, Message[]>();
  for (const message of messages) {
    const list = map.get(message.channel);
    if (list) list.push(message);
    else map.set(message.channel, [message]);
  }
  return map;
}
