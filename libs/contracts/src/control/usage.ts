import { z } from 'zod';
import { METER_NAMES, type Meter } from '../meters.js';

/** What usage can be told apart by. Keys and channels are counted beside each other, not crossed. */
const GROUPS = ['app', 'key', 'namespace', 'channel'] as const;
export type UsageGroup = (typeof GROUPS)[number];

const moment = z.iso
  .datetime({ offset: true })
  .meta({ description: 'RFC 3339; rounded down to a whole UTC hour.' });

export const UsageQuery = z.strictObject({
  from: moment.optional().meta({ description: 'Default: the beginning of this UTC month.' }),
  to: moment.optional().meta({ description: 'Exclusive. Default: the end of the running hour.' }),
  granularity: z.enum(['hour', 'day', 'month', 'total']).optional().default('day'),
  groupBy: z
    .string()
    .optional()
    .meta({ description: 'A list of app, key; or of app, namespace, channel. Default: none.' }),
  app: z.string().optional().meta({ description: 'Of this app alone.' }),
});
export type UsageQuery = z.output<typeof UsageQuery>;

export function usageGroups(text: string | undefined): UsageGroup[] | null {
  if (text === undefined || text === '') return [];
  const groups = text.split(',').map((group) => group.trim());
  const isKnown = groups.every((group) => (GROUPS as readonly string[]).includes(group));
  return isKnown ? [...new Set(groups as UsageGroup[])] : null;
}

const meters = Object.fromEntries(METER_NAMES.map((name) => [name, z.number()])) as Record<
  Meter,
  z.ZodNumber
>;
export const Usage = z
  .object(meters)
  .meta({ description: 'In the units of each meter; peak_holds is the largest, the rest add up.' });
export type Usage = z.output<typeof Usage>;

export const UsageBucket = z.object({
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  app: z.string().optional(),
  key: z.string().optional(),
  namespace: z.string().optional(),
  channel: z
    .string()
    .optional()
    .meta({ description: 'Empty: channels beyond those told apart in an hour.' }),
  usage: Usage,
});
export type UsageBucket = z.output<typeof UsageBucket>;

export const UsageReport = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  granularity: UsageQuery.shape.granularity.unwrap().unwrap(),
  groupBy: z.array(z.enum(GROUPS)),
  asOf: z.iso.datetime().nullable().meta({
    description: 'Everything up to this moment is counted; null: nothing was collected yet.',
  }),
  data: z.array(UsageBucket),
  total: Usage,
});
export type UsageReport = z.output<typeof UsageReport>;
