export { systemClock } from './clock.js';
export { Mediator } from './mediator.js';
export type { AckOutcome } from './groups/acks.js';
export type * from './groups/types.js';
export { Presence } from './presence/presence.js';
export { presenceChannel, watchedChannel } from './presence/names.js';
export { wireText } from './message-text.js';
export type * from './presence/types.js';
export * from './types.js';
