import type { ChannelRef, Retention } from '#engine';
import type { GroupRef } from './types.js';

// Channels of the log that no request can name: names of channels and groups hold no control characters,
// so one of those begins ours, and keeps their parts apart.
const MARK = '\u0001';

/** What happened to a group. */
export const journalOf = ({ app, channel, group }: GroupRef): ChannelRef => ({
  app,
  name: `${MARK}group${MARK}${channel}${MARK}${group}`,
});

/** Copies of a group's dead letters. */
export const deadLettersOf = ({ app, channel, group }: GroupRef): ChannelRef => ({
  app,
  name: `${MARK}dead${MARK}${channel}${MARK}${group}`,
});

/** How the names begin that say which groups a channel has. */
export const REGISTRIES = `${MARK}groups${MARK}`;

/** Which groups a channel has. */
export const registryOf = (app: string, channel: string): ChannelRef => ({
  app,
  name: `${REGISTRIES}${channel}`,
});

export const channelOfRegistry = (name: string): string => name.slice(REGISTRIES.length);

export const groupKey = ({ app, channel, group }: GroupRef): string =>
  `${app}${MARK}${channel}${MARK}${group}`;

const YEAR = 31_536_000;

/** Entries between two snapshots of a journal; it keeps so many that the newest snapshot is always there. */
export const SNAPSHOT_EVERY = 500;
export const JOURNAL_RETENTION: Retention = { seconds: YEAR, messages: SNAPSHOT_EVERY * 3 };
/** Its newest entry lists all groups; it is written only when that changes. */
export const REGISTRY_RETENTION: Retention = { seconds: 10 * YEAR, messages: 2 };
