import { z } from 'zod';
import { CapabilityPattern } from '../capabilities.js';
import { WEBHOOK_EVENTS, type WebhookEventType } from '../webhook-events.js';
import { label, ListQuery, page, Timestamp } from './common.js';

/** Deliveries that one replay sends again at most. */
export const REPLAY_MAX = 10_000;
/** Seconds for which a rotated secret still signs, at most: 7 days. */
export const SECRET_OVERLAP_MAX_SECONDS = 604_800;

const types = Object.keys(WEBHOOK_EVENTS) as [WebhookEventType, ...WebhookEventType[]];

const fields = {
  url: z
    .string()
    .min(1)
    .max(2048)
    .meta({ description: 'https, without user name or port, on the public internet.' }),
  events: z
    .array(z.enum(types))
    .min(1)
    .max(types.length)
    .refine((list) => new Set(list).size === list.length, 'names an event twice'),
  channels: z.array(CapabilityPattern).min(1).max(50).meta({
    description:
      'Which channels’ events (messages, presence, occupied, vacated): a literal, `ns:*`, or `*`.',
  }),
  ordered: z.boolean().meta({
    description:
      'Events of one channel, key, invoice one after another: a delivery that fails holds up those behind it.',
  }),
  description: label('description', 200),
  enabled: z.boolean(),
};

export const WebhookBody = z.strictObject({
  url: fields.url,
  events: fields.events,
  appId: z.string().max(64).optional().meta({
    description: 'Events of this app alone. Default: of every app, and the tenant’s own.',
  }),
  channels: fields.channels.default(['*']),
  ordered: fields.ordered.default(false),
  description: fields.description.optional(),
  enabled: fields.enabled.default(true),
});
export type WebhookBody = z.output<typeof WebhookBody>;

export const WebhookPatch = z
  .strictObject({
    url: fields.url.optional(),
    events: fields.events.optional(),
    channels: fields.channels.optional(),
    ordered: fields.ordered.optional(),
    description: fields.description.optional(),
    enabled: fields.enabled.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');
export type WebhookPatch = z.output<typeof WebhookPatch>;

export const WebhookRotateBody = z
  .strictObject({
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(SECRET_OVERLAP_MAX_SECONDS)
      .default(86_400)
      .meta({ description: 'How long deliveries carry a signature by the old secret too.' }),
  })
  .prefault({});
export type WebhookRotateBody = z.output<typeof WebhookRotateBody>;

export const Webhook = z.object({
  id: z.string(),
  url: z.string(),
  appId: z.string().nullable(),
  events: z.array(z.string()),
  channels: z.array(z.string()),
  ordered: z.boolean(),
  description: z.string().nullable(),
  enabled: z.boolean(),
  health: z.object({
    consecutiveFailures: z.number().int(),
    failingSince: Timestamp.nullable(),
    lastSuccessAt: Timestamp.nullable(),
    lastFailureAt: Timestamp.nullable(),
    disabledReason: z.enum(['failing', 'gone']).nullable().meta({
      description:
        'Why it was switched off by itself: five days without a success, or an answer of 410. PATCH `enabled: true` switches it on again.',
    }),
  }),
  previousSecretUntil: Timestamp.nullable(),
  createdBy: z.string(),
  createdAt: Timestamp,
});
export type Webhook = z.output<typeof Webhook>;
export const WebhookList = page(Webhook);

export const WebhookWithSecret = Webhook.extend({
  secret: z.string().meta({ description: '`whsec_…`: checks the signatures. Shown this once.' }),
});
export type WebhookWithSecret = z.output<typeof WebhookWithSecret>;

const DeliveryStatus = z.enum(['pending', 'delivered', 'dead']);

export const WebhookDeliveryQuery = ListQuery.extend({
  status: DeliveryStatus.optional().meta({ description: '`dead`: the dead letters.' }),
});
export type WebhookDeliveryQuery = z.output<typeof WebhookDeliveryQuery>;

export const WebhookDelivery = z.object({
  id: z.string(),
  eventId: z.string().meta({ description: 'The header `webhook-id`, the same at every attempt.' }),
  type: z.string(),
  status: DeliveryStatus,
  attempts: z.number().int().meta({ description: 'Of this round: a replay begins anew.' }),
  replays: z.number().int(),
  nextAttemptAt: Timestamp.nullable(),
  lastStatus: z.number().int().nullable(),
  lastError: z.string().nullable(),
  eventAt: Timestamp,
  createdAt: Timestamp,
  finishedAt: Timestamp.nullable(),
});
export type WebhookDelivery = z.output<typeof WebhookDelivery>;
export const WebhookDeliveryList = page(WebhookDelivery);

const headers = z.record(z.string(), z.string());

export const WebhookDeliveryDetail = WebhookDelivery.extend({
  log: z.array(
    z.object({
      replay: z.number().int().meta({ description: '0: the first round.' }),
      number: z.number().int(),
      at: Timestamp,
      durationMs: z.number().int(),
      request: z.object({ url: z.string(), headers, body: z.string() }).meta({
        description:
          'The first 4096 characters of the body; signatures and the URL’s query left out.',
      }),
      status: z.number().int().nullable(),
      error: z.string().nullable(),
      response: z
        .object({ headers, body: z.string(), cut: z.boolean() })
        .nullable()
        .meta({ description: 'The first 4096 characters; `cut`: there was more.' }),
    }),
  ),
});
export type WebhookDeliveryDetail = z.output<typeof WebhookDeliveryDetail>;

export const WebhookReplayBody = z.union([
  z.strictObject({
    from: Timestamp,
    to: Timestamp,
    status: z.enum(['delivered', 'dead']).optional().meta({
      description:
        '`dead`: the dead letters alone. Left out: everything, also what was never sent.',
    }),
  }),
  z.strictObject({ deliveryIds: z.array(z.string().min(1).max(64)).min(1).max(1_000) }),
]);
export type WebhookReplayBody = z.output<typeof WebhookReplayBody>;

export const WebhookReplayAnswer = z.object({
  replayed: z.number().int().meta({
    description: 'Deliveries that are sent again, with the same `webhook-id`. They cost nothing.',
  }),
});
export type WebhookReplayAnswer = z.output<typeof WebhookReplayAnswer>;
