export { emitEvent, type WebhookEvent } from './outbox.js';
