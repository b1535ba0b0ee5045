import type { LogStore } from './log-store.js';

/**
 * The position after which every message has a timestamp >= `time`. Timestamps never go back along
 * the log and the messages of one commit share theirs, so a search over the journal finds it.
 */
export function positionBefore(store: LogStore, durable: number, time: number): number {
  const oldest = store.journalFrom(0);
  // Older commits left the journal after their messages: nothing before it can be missed.
  if (!oldest || time <= oldest.entry.timestamp) return 0;
  let low = oldest.first;
  let high = durable + 1;
  // Commits that begin at or before `low` are older than `time`, those from `high` on are not.
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    const found = store.journalFrom(middle);
    if (found && found.first < high && found.entry.timestamp < time) low = found.first;
    else high = middle;
  }
  return (store.journalFrom(high)?.first ?? durable + 1) - 1;
}
