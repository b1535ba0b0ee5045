export type { AttemptJob, AttemptQueue } from './attempt-queue.js';
export { Attempts } from './attempts.js';
export { endpointUrlFault } from './endpoint-url.js';
export { eventBody, newEventId, noteEvents, TEST_EVENT, type EventNote } from './event-notes.js';
export { emitEvent, type WebhookEvent } from './outbox.js';
export { Sender } from './outgoing-request.js';
export { PgBossQueue } from './pg-boss-queue.js';
export { newSigningSecret } from './signature.js';
export { WebhookWorker } from './worker.js';
