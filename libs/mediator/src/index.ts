export { systemClock } from './clock.js';
export { Mediator } from './mediator.js';
export * from './types.js';
