/**
 * Changes of a channel's presence stand in a channel of their own, so that cursors, resuming and holds
 * serve them too. No name from outside holds a control character, so none can reach it.
 */
const PREFIX = '\u0001presence/';

export function presenceChannel(channel: string): string {
  return PREFIX + channel;
}

/** The channel whose presence this one tells of; null for any other. */
export function watchedChannel(name: string): string | null {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null;
}
