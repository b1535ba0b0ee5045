import { z } from 'zod';

/** How a delivery server is, as it says itself. Not part of the public wire. */
export const DeliveryHealth = z.object({
  /** As it calls itself when it asks for its configuration. */
  id: z.string(),
  /** As the log and the directory call it. */
  node: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  memoryBytes: z.number(),
  holds: z.number().int(),
  streams: z.number().int(),
  channels: z.number().int(),
  present: z.number().int(),
  engine: z.object({
    ok: z.boolean(),
    fault: z.string().nullable(),
    /** What an acknowledged message has outlived. */
    ack: z.enum(['memory', 'local-fsync', 'quorum-fsync']),
    epoch: z.string(),
    /** The newest position. */
    position: z.number(),
    /** Milliseconds that reading from the log took just now. */
    readMs: z.number(),
  }),
});
export type DeliveryHealth = z.output<typeof DeliveryHealth>;
