import { z } from 'zod';
import { Capabilities, OPERATIONS } from '../capabilities.js';
import { ChannelName } from '../channels.js';
import { LIMIT } from '../limits.js';
import { ClientId } from '../messages.js';

const CREDENTIALS = ['keyId', 'token', 'capabilities'] as const;

/** What somebody wants to know: may this credential do that. */
export const CanBody = z
  .strictObject({
    keyId: z.string().min(1).max(64).optional().meta({ description: 'A key of the app.' }),
    token: z
      .string()
      .max(LIMIT.tokenBytes)
      .regex(
        /^[\w-]+\.[\w-]+\.[\w-]+$/,
        'token is a client token (a JWT); of an API key send keyId',
      )
      .optional()
      .meta({ description: 'A client token of the app. It is verified, and not kept.' }),
    capabilities: Capabilities.optional().meta({
      description: 'Capabilities that no key has yet.',
    }),
    channel: ChannelName,
    operation: z.enum(OPERATIONS),
    clientId: ClientId.optional().meta({
      description:
        'With keyId or capabilities: as a token for this client would be treated, made with them. A token says its own client.',
    }),
  })
  .refine(
    (body) => CREDENTIALS.filter((name) => body[name] !== undefined).length === 1,
    'send exactly one of keyId, token and capabilities',
  )
  .refine(
    ({ token, clientId }) => token === undefined || clientId === undefined,
    'a token says its own client: leave clientId out',
  );
export type CanBody = z.output<typeof CanBody>;

export const CanAnswer = z.object({
  allowed: z.boolean(),
  because: z.string().meta({ description: 'What allows it, or what a request would be told.' }),
});
export type CanAnswer = z.output<typeof CanAnswer>;

/** The same between our own servers: the app is known to be the caller’s. Not part of the public wire. */
export const CanQuestion = z.object({ app: z.string().min(1), ask: CanBody });
