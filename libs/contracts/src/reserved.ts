import { channelNameFault, utf8Bytes } from './channels.js';
import { LIMIT } from './limits.js';

const INBOX = 'inbox:';
const LINK = 'link:';

/**
 * Channels that serve point to point. They are channels like all others (one log, one cursor, one rule
 * to resume by), but only the routes of their own lead to them. Capability patterns match these names.
 */
const RESERVED = [
  {
    prefix: INBOX,
    route: 'POST /v1/clients/{clientId}/messages and GET /v1/clients/me/messages',
  },
  { prefix: LINK, route: '/v1/links/{link}/{end}/messages' },
  {
    prefix: 'reply:',
    route: 'POST /v1/channels/{channel}/requests and POST /v1/replies/{replyTo}',
  },
] as const;

/** The route that serves a reserved channel; null for every other channel. Asked for every channel. */
export function reservedRoute(channel: string): string | null {
  const first = channel.charCodeAt(0);
  // i, l, r: nearly all names are told apart by their first letter.
  if (first !== 0x69 && first !== 0x6c && first !== 0x72) return null;
  for (const { prefix, route } of RESERVED) if (channel.startsWith(prefix)) return route;
  return null;
}

/** The channel that a client's direct messages are stored in. */
export function inboxOf(clientId: string): string {
  return INBOX + clientId;
}

/** Whether a channel is some client's inbox. */
export function isInbox(channel: string): boolean {
  return channel.startsWith(INBOX);
}

/** Whether a channel is one direction of a link. */
export function isLink(channel: string): boolean {
  return channel.startsWith(LINK);
}

/** What is wrong with a client id that is to have an inbox, or null. */
export function inboxFault(clientId: string): string | null {
  if (clientId === '') return 'a client id cannot be empty';
  if (utf8Bytes(clientId) > LIMIT.clientIdBytes) {
    return `a client id has at most ${LIMIT.clientIdBytes} bytes of UTF-8`;
  }
  return channelNameFault(inboxOf(clientId)) === null
    ? null
    : 'a client id cannot hold control characters';
}

export const LINK_ENDS = ['a', 'b'] as const;
export type LinkEnd = (typeof LINK_ENDS)[number];

/** The channel that this end of a link reads; capabilities for the end name it too. */
export function linkChannel(link: string, end: LinkEnd): string {
  return `${LINK}${link}:${end}`;
}

export function otherEnd(end: LinkEnd): LinkEnd {
  return end === 'a' ? 'b' : 'a';
}

/** What is wrong with a link's name, or null. */
export function linkNameFault(link: string): string | null {
  const max = LIMIT.linkNameBytes;
  if (link === '') return 'a link’s name cannot be empty';
  if (utf8Bytes(link) > max) return `a link’s name has at most ${max} bytes of UTF-8`;
  return channelNameFault(link) === null ? null : 'a link’s name cannot hold control characters';
}
