import { z } from 'zod';
import { Timestamp } from './common.js';

/** How long each window is, and the step that it is told in (seconds). */
export const ACTIVITY_WINDOWS = {
  '1h': { seconds: 3_600, step: 10 },
  '24h': { seconds: 86_400, step: 300 },
  '30d': { seconds: 2_592_000, step: 3_600 },
} as const;
export type ActivityWindow = keyof typeof ACTIVITY_WINDOWS;

const windows = Object.keys(ACTIVITY_WINDOWS) as [ActivityWindow, ...ActivityWindow[]];

export const ActivityQuery = z.strictObject({
  window: z.enum(windows).default('1h').meta({
    description: 'The last hour in steps of 10 s, day in steps of 5 min, or 30 days in hours.',
  }),
  app: z.string().min(1).max(64).optional().meta({ description: 'Of this app alone.' }),
});
export type ActivityQuery = z.output<typeof ActivityQuery>;

const counts = z.array(z.number().int().min(0));
const times = z.array(z.number().nullable());

export const Activity = z.object({
  window: z.enum(windows),
  stepSeconds: z.number().int(),
  from: Timestamp.meta({
    description:
      'The beginning of the first step. The last step is still running: it holds what came until `asOf`.',
  }),
  asOf: Timestamp.nullable().meta({
    description: 'Everything up to this moment is in it; null: nothing was collected yet.',
  }),
  series: z
    .object({
      published: counts.meta({ description: 'Messages stored, direct ones too.' }),
      delivered: counts.meta({ description: 'Messages handed to receivers.' }),
      holds: z.array(z.number()).meta({
        description: 'Requests and streams held; in steps longer than 10 s, the mean.',
      }),
      latencyP50Ms: times.meta({
        description:
          'From when the log took a message until its answer was handed to the socket, for receivers that held already when it came; readers with a filter or window of their own are left out. null: there was none.',
      }),
      latencyP99Ms: times,
      errors: z
        .record(z.string(), counts)
        .meta({ description: 'Refusals by problem code; codes that did not occur are left out.' }),
    })
    .meta({ description: 'One value for each step, oldest first.' }),
  note: z.string().optional().meta({ description: 'What could not be found out, and why.' }),
});
export type Activity = z.output<typeof Activity>;
