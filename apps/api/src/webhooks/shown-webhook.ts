import type { Webhook, WebhookDelivery, WebhookDeliveryDetail } from '#contracts';
import type { WebhookDelivery as DeliveryRow, WebhookEndpoint } from '#database';

export function shownWebhook(row: WebhookEndpoint): Webhook {
  return {
    id: row.id,
    url: row.url,
    appId: row.appId,
    events: row.events,
    channels: row.channels,
    ordered: row.ordered,
    description: row.description === '' ? null : row.description,
    enabled: row.enabled,
    health: {
      consecutiveFailures: row.consecutiveFailures,
      failingSince: row.failingSince?.toISOString() ?? null,
      lastSuccessAt: row.lastSuccessAt?.toISOString() ?? null,
      lastFailureAt: row.lastFailureAt?.toISOString() ?? null,
      disabledReason: row.disabledReason as Webhook['health']['disabledReason'],
    },
    previousSecretUntil: row.previousSecretUntil?.toISOString() ?? null,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
  };
}

/** What the audit log tells of an endpoint: its URL's query may hold what only the receiver is to know. */
export function toldWebhook(row: WebhookEndpoint): Record<string, unknown> {
  const { health: _health, ...shown } = shownWebhook(row);
  const url = new URL(row.url);
  if (url.search !== '') url.search = '?…';
  return { ...shown, url: url.toString() };
}

export function shownDelivery(
  row: DeliveryRow & { event: { type: string; at: Date } },
): WebhookDelivery {
  return {
    id: row.id,
    eventId: row.eventId,
    type: row.event.type,
    status: row.status,
    attempts: row.attempts,
    replays: row.round,
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    lastStatus: row.lastStatus,
    lastError: row.lastError,
    eventAt: row.event.at.toISOString(),
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

const UNSEEN = '(The platform’s staff do not see what is sent.)';

/** For the platform's staff: that something was sent and how it was answered, and nothing of what it said. */
export function withoutBodies(
  attempt: WebhookDeliveryDetail['log'][number],
): WebhookDeliveryDetail['log'][number] {
  const { request, response } = attempt;
  return {
    ...attempt,
    request: { ...request, body: UNSEEN },
    response: response && { ...response, body: UNSEEN, cut: false },
  };
}
