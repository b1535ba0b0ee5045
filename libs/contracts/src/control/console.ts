import { z } from 'zod';
import { Timestamp } from './common.js';

/** What the dashboard's console receives and publishes with. */
export const ConsoleToken = z.object({
  token: z.string().meta({ description: 'A client token of the app, good for 15 minutes.' }),
  expiresAt: Timestamp,
  deliveryUrl: z.string().meta({ description: 'Where to use it.' }),
  clientId: z.string(),
  mayPublish: z.boolean().meta({ description: 'false: for who may only look.' }),
});
export type ConsoleToken = z.output<typeof ConsoleToken>;
