import { z } from 'zod';
import { ListQuery, page, Timestamp } from './common.js';

/** Which of an app's clients; `after` is the client id that the page before ended with. */
export const LiveClientQuery = ListQuery.extend({
  prefix: z.string().max(128).default('').meta({ description: 'Only clients whose ids begin so.' }),
});
export type LiveClientQuery = z.output<typeof LiveClientQuery>;

/** Channels shown of a client that is present in many. */
export const SHOWN_PRESENCES = 20;

export const LiveClient = z.object({
  clientId: z.string(),
  node: z.string().meta({ description: 'Its home: the node that holds its requests.' }),
  since: Timestamp,
  holds: z.number().int().min(0).meta({
    description: 'Requests and streams held for it. 0: it is between two polls, or left just now.',
  }),
  inbox: z.object({
    channel: z.string(),
    position: z
      .number()
      .int()
      .min(0)
      .meta({ description: 'Of the last direct message to it; 0: there has been none.' }),
  }),
  presentIn: z
    .array(z.string())
    .meta({ description: `Channels that it is present in, ${SHOWN_PRESENCES} at most.` }),
});
export type LiveClient = z.output<typeof LiveClient>;
export const LiveClientList = page(LiveClient);
