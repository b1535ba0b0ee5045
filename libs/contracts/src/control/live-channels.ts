import { z } from 'zod';
import { ListQuery, page } from './common.js';

/** Which of an app's live channels; `after` is the name that the page before ended with. */
export const LiveChannelQuery = ListQuery.extend({
  prefix: z
    .string()
    .max(255)
    .default('')
    .meta({ description: 'Only channels whose names begin so, such as `room:`.' }),
});
export type LiveChannelQuery = z.output<typeof LiveChannelQuery>;

export const LiveChannel = z.object({
  name: z.string(),
  receivers: z.number().int().min(0).meta({
    description: 'Requests held for it now; streams, WebSockets and members of groups count too.',
  }),
  members: z.number().int().min(0).meta({ description: 'Clients present in it.' }),
  position: z
    .number()
    .int()
    .min(0)
    .meta({ description: 'Of the last message; 0: there has been none.' }),
});
export type LiveChannel = z.output<typeof LiveChannel>;
export const LiveChannelList = page(LiveChannel);
