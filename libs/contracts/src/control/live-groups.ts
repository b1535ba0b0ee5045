import { z } from 'zod';
import { ChannelName } from '../channels.js';
import { ListQuery, Timestamp } from './common.js';

/** Which of an app's groups; `after` is the `next` of the page before. */
export const LiveGroupQuery = ListQuery.extend({
  channel: ChannelName.optional().meta({ description: 'Only groups of this channel.' }),
  after: z
    .string()
    .regex(/^[\w-]{1,700}$/, 'after is not the next of a page of this list')
    .optional()
    .meta({ description: 'The `next` of the page before.' }),
});
export type LiveGroupQuery = z.output<typeof LiveGroupQuery>;

const count = z.number().int().min(0);

export const LiveGroup = z.object({
  channel: z.string(),
  group: z.string(),
  lag: count.meta({ description: 'Messages that wait to be handed out.' }),
  lagIsMore: z.boolean().meta({
    description: 'There are more than `lag`: in a list it is counted a little way only.',
  }),
  waiting: count.meta({
    description: 'Of the lag, messages that were handed out before and come again.',
  }),
  inFlight: count.meta({ description: 'Handed out, and not acked yet.' }),
  deadLetters: count,
  members: count.meta({ description: 'Members that are held now.' }),
  visibility: z.number().int(),
  maxAttempts: z.number().int(),
  createdAt: Timestamp,
});
export type LiveGroup = z.output<typeof LiveGroup>;

export const LiveGroupList = z.object({
  data: z.array(LiveGroup),
  hasMore: z.boolean(),
  next: z
    .string()
    .nullable()
    .meta({ description: 'The `after` of the next page, which can be shorter than `limit`.' }),
});
export type LiveGroupList = z.output<typeof LiveGroupList>;
