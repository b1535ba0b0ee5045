import { z } from 'zod';
import { LIMIT } from './limits.js';

const encoder = new TextEncoder();

/** C0 and C1 control characters, and halves of surrogate pairs (no UTF-8 exists for them). */
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;

/** What is wrong with a channel name, or null. */
export function channelNameFault(name: string): string | null {
  if (name.length === 0) return 'a channel name cannot be empty';
  // The cheap test first: no string of this many UTF-16 units can exceed the limit in UTF-8.
  if (name.length * 3 > LIMIT.channelNameBytes && utf8Bytes(name) > LIMIT.channelNameBytes) {
    return `a channel name has at most ${LIMIT.channelNameBytes} bytes of UTF-8`;
  }
  if (FORBIDDEN.test(name)) return 'a channel name cannot hold control characters';
  return null;
}

export function utf8Bytes(text: string): number {
  return encoder.encode(text).byteLength;
}

/** A channel in a body: a string, or a number (42 and "42" are the same channel). */
export const ChannelName = z
  .union([z.string(), z.number().int().safe()])
  .transform((value) => String(value))
  .superRefine((name, context) => {
    const fault = channelNameFault(name);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });

/** The namespace whose rules a channel takes: what stands before the first colon, or '' for none. */
export function namespaceOf(channel: string): string {
  const colon = channel.indexOf(':');
  return colon < 0 ? '' : channel.slice(0, colon);
}
