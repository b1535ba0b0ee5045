import { z } from 'zod';
import { METER_NAMES } from './meters.js';

/**
 * How delivery hands what it counted to the control plane. Not part of the public wire. A source is read
 * on from a mark, and the mark moves in the transaction that stores what was read: whatever dies in
 * between, each unit is counted once.
 */
const meter = z.enum(METER_NAMES);
const units = z.number().int().nonnegative();

/** Units in base units, each of the UTC hour that begins at `hour` (ms since 1970). */
export const UsageRows = z.object({
  /** Empty key: no key stands behind it. */
  keys: z.array(z.object({ app: z.string(), key: z.string(), meter, hour: units, units })),
  /** Empty channel: those beyond what is told apart. */
  channels: z.array(z.object({ app: z.string(), channel: z.string(), meter, hour: units, units })),
  /** Of the tenant as a whole; with a meter that takes the largest, the largest seen. */
  tenants: z.array(z.object({ tenant: z.string(), meter, hour: units, units })),
});
export type UsageRows = z.output<typeof UsageRows>;

export const UsageSlice = z.object({
  /** `log:<epoch>`, or `journal:<node>`: a node's name is another after each start. */
  source: z.string(),
  /** The mark that the slice goes on from, and the one it ends at. */
  from: units,
  through: units,
  /** Everything of the source up to here (ms since 1970) is counted with this slice; null: there is more. */
  completeTo: units.nullable(),
  /** What it goes on from is gone: units are missing before its first row. */
  truncated: z.boolean(),
  rows: UsageRows,
});
export type UsageSlice = z.output<typeof UsageSlice>;

export const UsageRequest = z.object({
  /** Source → how far it was stored. */
  marks: z.record(z.string(), units),
});
export type UsageRequest = z.output<typeof UsageRequest>;

export const UsageAnswer = z.object({ slices: z.array(UsageSlice) });
export type UsageAnswer = z.output<typeof UsageAnswer>;

/** What a node's log keeps now, in bytes by app and key: a sample, taken once an hour. */
export const StoredAnswer = z.object({
  rows: z.array(z.object({ app: z.string(), key: z.string(), bytes: units })),
});
export type StoredAnswer = z.output<typeof StoredAnswer>;

export const HOUR_MS = 3_600_000;

/** The beginning of the UTC hour that a moment is in. */
export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}
