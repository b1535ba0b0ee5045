import { z } from 'zod';

/** How a delivery server is, as it says itself. Not part of the public wire. */
export const DeliveryHealth = z.object({
  /** As it calls itself when it asks for its configuration. */
  id: z.string(),
  /** As the log and the directory call it. */
  node: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  /** What it needs to serve, as its /readyz says; and whether it is stopping. */
  parts: z.array(z.object({ name: z.string(), ok: z.boolean(), fault: z.string().nullable() })),
  draining: z.boolean(),
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
    /** Milliseconds that the last commit took; null: none was made yet. */
    commitMs: z.number().nullable(),
    /** What the log takes on its disk, what is left there, and with how much left publishing stops. */
    bytes: z.number().nullable(),
    freeBytes: z.number().nullable(),
    floorBytes: z.number().nullable(),
  }),
});
export type DeliveryHealth = z.output<typeof DeliveryHealth>;
