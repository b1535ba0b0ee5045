/** Holdline for the browser and Node: publish, receive over one held request, history. */
export { Holdline } from './client.js';
export type { HoldlineEvents, HoldlineOptions } from './client.js';
export type { Channel, ChannelEvents } from './channel.js';
export type { Clock } from './clock.js';
export { HoldlineError } from './errors.js';
export type { ErrorCode } from './errors.js';
export type { State } from './receiver.js';
export type {
  Gap,
  HistoryOptions,
  Message,
  MessageHandler,
  OutgoingMessage,
  PublishOptions,
  Published,
  SubscribeOptions,
} from './types.js';
export type { Fetch } from './transport.js';
