import { z } from 'zod';

/**
 * What delivery tells the control plane of its log, for webhooks. Between our own servers: not part of
 * the contract with anybody else.
 */

/** App → patterns of the channels whose messages, and whose presence, somebody wants to hear of. */
export const DataPlaneWants = z.record(
  z.string(),
  z.object({ messages: z.array(z.string()), presence: z.array(z.string()) }),
);
export type DataPlaneWants = z.output<typeof DataPlaneWants>;

export const DataPlaneQuery = z.object({
  /** The log that `after` is a place in; another one: from where this one began. */
  epoch: z.string(),
  after: z.number().int().min(0),
  /** Milliseconds since 1970: nothing from before is asked for. */
  since: z.number().int().min(0),
  wants: DataPlaneWants,
});
export type DataPlaneQuery = z.output<typeof DataPlaneQuery>;

export const DataPlaneEvent = z.object({
  app: z.string(),
  kind: z.enum(['message', 'presence']),
  channel: z.string(),
  position: z.number().int(),
  timestamp: z.number().int(),
  /** The item as a receiver gets it: JSON text, byte for byte. */
  data: z.string(),
});
export type DataPlaneEvent = z.output<typeof DataPlaneEvent>;

export const DataPlaneEvents = z.object({
  epoch: z.string(),
  /** Go on from here. */
  through: z.number().int(),
  more: z.boolean(),
  events: z.array(DataPlaneEvent),
});
export type DataPlaneEvents = z.output<typeof DataPlaneEvents>;

/** App → patterns of the channels of which somebody wants to hear whether they are received from. */
export const OccupiedQuery = z.object({ apps: z.record(z.string(), z.array(z.string())) });
export type OccupiedQuery = z.output<typeof OccupiedQuery>;

export const Occupied = z.object({ apps: z.record(z.string(), z.array(z.string())) });
export type Occupied = z.output<typeof Occupied>;
