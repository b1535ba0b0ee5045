import type { RouteSpec } from '../routes.js';
import { ListQuery } from './common.js';
import { LIST, READ, WRITE } from './refusals.js';
import * as webhooks from './webhooks.js';

const tag = 'Webhooks';
const auth = 'session';

export const WEBHOOK_ROUTES = {
  listWebhooks: {
    method: 'GET',
    path: '/v1/webhooks',
    tag,
    summary: 'List the endpoints, with their health',
    auth,
    query: ListQuery,
    success: { status: 200, schema: webhooks.WebhookList, description: 'A page, oldest first.' },
    problems: LIST,
  },
  createWebhook: {
    method: 'POST',
    path: '/v1/webhooks',
    tag,
    summary: 'Make an endpoint',
    description:
      'It is told of what happens from now on. The answer is the only one that holds its signing secret.',
    auth,
    body: webhooks.WebhookBody,
    success: {
      status: 201,
      schema: webhooks.WebhookWithSecret,
      description: 'The endpoint and its secret.',
    },
    problems: [...WRITE, 'quota_exceeded'],
  },
  getWebhook: {
    method: 'GET',
    path: '/v1/webhooks/{webhook}',
    tag,
    summary: 'Show an endpoint and its health',
    auth,
    success: { status: 200, schema: webhooks.Webhook, description: 'The endpoint.' },
    problems: READ,
  },
  updateWebhook: {
    method: 'PATCH',
    path: '/v1/webhooks/{webhook}',
    tag,
    summary: 'Change an endpoint, or switch it on or off',
    description:
      'While it is off nothing is sent: what waits goes on when it is on again, what happens meanwhile can be replayed.',
    auth,
    body: webhooks.WebhookPatch,
    success: { status: 200, schema: webhooks.Webhook, description: 'The endpoint as it is now.' },
    problems: WRITE,
  },
  deleteWebhook: {
    method: 'DELETE',
    path: '/v1/webhooks/{webhook}',
    tag,
    summary: 'Remove an endpoint',
    description: 'What waits for it is not sent.',
    auth,
    success: { status: 204, description: 'Removed.' },
    problems: READ,
  },
  rotateWebhook: {
    method: 'POST',
    path: '/v1/webhooks/{webhook}/rotate',
    tag,
    summary: 'Give an endpoint a new secret',
    description:
      'For `overlapSeconds` deliveries carry two signatures, by the new secret and by the old one.',
    auth,
    body: webhooks.WebhookRotateBody,
    success: {
      status: 200,
      schema: webhooks.WebhookWithSecret,
      description: 'The endpoint and its new secret.',
    },
    problems: WRITE,
  },
  testWebhook: {
    method: 'POST',
    path: '/v1/webhooks/{webhook}/test',
    tag,
    summary: 'Send an event of the type `webhook.test` to an endpoint',
    description: 'It costs nothing; its delivery says how it went.',
    auth,
    success: {
      status: 202,
      schema: webhooks.WebhookDelivery,
      description: 'The delivery, on its way.',
    },
    problems: [...READ, 'conflict'],
  },
  listWebhookDeliveries: {
    method: 'GET',
    path: '/v1/webhooks/{webhook}/deliveries',
    tag,
    summary: 'The deliveries of an endpoint, newest first',
    description: 'Kept for 14 days, and 10 000 of them for each endpoint.',
    auth,
    query: webhooks.WebhookDeliveryQuery,
    success: { status: 200, schema: webhooks.WebhookDeliveryList, description: 'A page.' },
    problems: LIST,
  },
  getWebhookDelivery: {
    method: 'GET',
    path: '/v1/webhooks/{webhook}/deliveries/{delivery}',
    tag,
    summary: 'A delivery with each attempt: what was sent, and what came back',
    auth,
    success: {
      status: 200,
      schema: webhooks.WebhookDeliveryDetail,
      description: 'The delivery and its log.',
    },
    problems: READ,
  },
  replayWebhook: {
    method: 'POST',
    path: '/v1/webhooks/{webhook}/replay',
    tag,
    summary: 'Send deliveries again, with the same ids',
    description: `By the time of their events, or by id; at most ${webhooks.REPLAY_MAX} at once. What is pending stays as it is.`,
    auth,
    body: webhooks.WebhookReplayBody,
    success: {
      status: 202,
      schema: webhooks.WebhookReplayAnswer,
      description: 'How many are sent again.',
    },
    problems: WRITE,
  },
} as const satisfies Record<string, RouteSpec>;
