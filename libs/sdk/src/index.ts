/** Holdline for the browser and Node: publish, receive over one held request, history. */
export { Holdline } from './client.js';
export type { HoldlineEvents, HoldlineOptions } from './client.js';
export type {
  Channel,
  ChannelEvents,
  ChannelOptions,
  ReplyOptions,
  RequestOptions,
} from './channel.js';
export type { Clock } from './clock.js';
export type { EncryptionOptions, Undecryptable } from './encryption.js';
export { HoldlineError } from './errors.js';
export type { ErrorCode } from './errors.js';
export type { ConsumeOptions, Group, GroupSettings } from './group.js';
export type { GroupHandler, GroupMessage } from './consumer.js';
export type { Inbox } from './inbox.js';
export type { Home, Peer, Sent } from './peer.js';
export type { Link, LinkEnd, LinkSettings } from './link.js';
export type { TransportChange, TransportMode } from './path-choice.js';
export type { Presence } from './presence.js';
export type { PresenceEvent, PresenceHandler, PresenceMember } from './presence-members.js';
export type { State } from './receiver-options.js';
export type {
  Filter,
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
