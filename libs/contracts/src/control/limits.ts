import { z } from 'zod';
import { PlanLimits } from '../plan-limits.js';
import { Timestamp } from './common.js';

const id = z.string().min(1).max(64);

export const LimitsQuery = z.strictObject({
  app: id.optional().meta({ description: 'Limits by app as this app has them.' }),
  key: id.optional().meta({ description: 'Limits by key as this key has them; with `app`.' }),
});
export type LimitsQuery = z.output<typeof LimitsQuery>;

export const ShownLimit = z.object({
  name: z.string(),
  scope: z.string(),
  kind: z.enum(['rate', 'concurrent', 'size', 'quota', 'count']),
  unit: z.string(),
  title: z.string(),
  remedy: z.string(),
  max: z.number().int().nullable().meta({ description: 'null: no limit.' }),
  used: z.number().int().nullable().meta({
    description:
      'Now. null: it is each request’s, each client’s or each channel’s, or not known now.',
  }),
  resetAt: Timestamp.nullable().meta({ description: 'When all of it is free again.' }),
  of: z.string().nullable().meta({
    description: 'The app or key that is meant; of several, the one that is fullest.',
  }),
});
export type ShownLimit = z.output<typeof ShownLimit>;

export const LimitsAnswer = z.object({
  tenantId: z.string(),
  plan: PlanLimits.meta({ description: 'Of the plan and the tenant together, as they are set.' }),
  limits: z.array(ShownLimit),
  note: z.string().optional().meta({ description: 'What could not be found out, and why.' }),
  protocol: z
    .record(z.string(), z.number())
    .meta({ description: 'The limits that hold for everybody.' }),
});
export type LimitsAnswer = z.output<typeof LimitsAnswer>;
