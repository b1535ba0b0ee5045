import { z } from 'zod';

/**
 * Where an app stands with its tenant's budgets. `warn` changes nothing; `degrade` gathers what is
 * received; `stop` refuses publishes and new receives. Worked out on the control plane.
 */
export const Spend = z.object({
  state: z.enum(['ok', 'warn', 'degrade', 'stop']),
  /** The budget that decides, in micro-units of its currency. */
  budget: z
    .object({
      scope: z.enum(['tenant', 'app']),
      currency: z.string(),
      max: z.number().int(),
      used: z.number().int(),
      /** RFC 3339: when its period ends. */
      resetAt: z.string(),
    })
    .optional(),
  /** With `degrade`: what every receive gets unless it asked for more of it itself. */
  degrade: z
    .object({
      windowMs: z.number().int().min(0).max(10_000),
      /** Of the messages with equal values of this header, only the newest; null: all. */
      conflate: z.string().nullable(),
    })
    .optional(),
});
export type Spend = z.output<typeof Spend>;
