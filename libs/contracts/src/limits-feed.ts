import { z } from 'zod';

/** What delivery tells the control plane of limits. Not part of the public wire. */
export const LiveLimits = z.object({
  limits: z.array(
    z.object({
      name: z.string(),
      /** null: not limited. */
      max: z.number().nullable(),
      used: z.number(),
      resetAt: z.string().nullable(),
      /** The app or the key; null: the tenant. */
      of: z.string().nullable(),
    }),
  ),
});
export type LiveLimits = z.output<typeof LiveLimits>;

export const LiveLimitEvents = z.object({
  events: z.array(
    z.object({
      type: z.enum(['limit.reached', 'limit.warning']),
      name: z.string(),
      tenantId: z.string(),
      appId: z.string().nullable(),
      subject: z.string().nullable(),
      max: z.number(),
      used: z.number(),
      at: z.string(),
      resetAt: z.string().nullable(),
      key: z.string(),
      /** How often it came about in its window: an hour, or that of the quota. */
      times: z.number().int().default(1),
    }),
  ),
});
export type LiveLimitEvents = z.output<typeof LiveLimitEvents>;

/** What is nearly full on a node now, over all tenants. */
export const NearLimits = z.object({
  limits: z.array(
    z.object({
      name: z.string(),
      tenantId: z.string(),
      appId: z.string().nullable(),
      /** The key, where the limit is a key's. */
      subject: z.string().nullable(),
      used: z.number(),
      max: z.number(),
    }),
  ),
});
export type NearLimits = z.output<typeof NearLimits>;
