import { hourOf, isInbox, type Meter, type UsageRows } from '#contracts';

/** What a commit of the log stored in one channel; the engine's journal has it. */
export interface StoredLine {
  readonly channel: { readonly app: string; readonly name: string };
  /** The key behind it; empty: the platform's own, which nobody pays for. */
  readonly label: string;
  readonly timestamp: number;
  readonly messages: number;
}

/**
 * Adds up what was published. The hour is that of the log's accept time: a line belongs to one hour for
 * ever, however late it is counted.
 */
export function publishedRows(lines: readonly StoredLine[]): UsageRows {
  const keys = new Map<string, UsageRows['keys'][number]>();
  const channels = new Map<string, UsageRows['channels'][number]>();
  for (const { channel, label, timestamp, messages } of lines) {
    if (label === '') continue;
    const { app, name } = channel;
    const meter: Meter = isInbox(name) ? 'direct_messages' : 'messages_published';
    const hour = hourOf(timestamp);
    const what = `${app}\n${meter}\n${hour}`;
    add(keys, `${what}\n${label}`, messages, { app, key: label, meter, hour, units: 0 });
    add(channels, `${what}\n${name}`, messages, { app, channel: name, meter, hour, units: 0 });
  }
  return { keys: [...keys.values()], channels: [...channels.values()], tenants: [] };
}

function add<T extends { units: number }>(
  rows: Map<string, T>,
  id: string,
  units: number,
  row: T,
): void {
  const known = rows.get(id);
  if (known) known.units += units;
  else rows.set(id, { ...row, units });
}
