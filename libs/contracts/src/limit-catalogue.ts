import { GROUP_LIMIT } from './groups.js';
import { LIMIT } from './limits.js';
import { PRESENCE } from './presence.js';
import type { ProblemCode } from './problems.js';

/** How a limit counts. Only `rate` and `quota` come back with time. */
export type LimitKind = 'rate' | 'concurrent' | 'size' | 'quota' | 'count';

/** What shares one count. `request`: each request by itself. */
export type LimitScope =
  'server' | 'address' | 'tenant' | 'app' | 'key' | 'client' | 'channel' | 'request';

export interface LimitEntry {
  readonly scope: LimitScope;
  readonly kind: LimitKind;
  /** What is counted. */
  readonly unit: string;
  readonly title: string;
  /** What the reader can do when it is reached. */
  readonly remedy: string;
  /** Seconds of a rate; a quota counts by the calendar (UTC). */
  readonly window?: number | 'day' | 'month';
  /** The most for everybody, whatever a plan says. */
  readonly ceiling?: number;
  /** False: it protects the server, and no plan sets it. */
  readonly inPlan: boolean;
  /** What it refuses with. */
  readonly code: ProblemCode;
}

const perSecond = { kind: 'rate', window: 1, inPlan: true, code: 'rate_limited' } as const;
const atOnce = { kind: 'concurrent', inPlan: true, code: 'rate_limited' } as const;
const perRequest = {
  kind: 'size',
  scope: 'request',
  inPlan: true,
  code: 'message_too_large',
} as const;
const perPeriod = { kind: 'quota', inPlan: true, code: 'quota_exceeded' } as const;
const present = { kind: 'count', inPlan: true, code: 'rate_limited' } as const;
const kept = { kind: 'count', inPlan: true, code: 'quota_exceeded' } as const;

/**
 * The catalogue of limits: what a plan, a tenant and a key may be held to, and what protects a server.
 * A name is part of the contract: it is never renamed.
 */
export const LIMITS = {
  requests_per_second_key: {
    ...perSecond,
    scope: 'key',
    unit: 'requests',
    title: 'Requests a second with one key',
    remedy: 'Send several messages in one request, and hold longer instead of asking often.',
  },
  failed_authentications_per_minute_address: {
    ...perSecond,
    window: 60,
    inPlan: false,
    ceiling: 600,
    scope: 'address',
    unit: 'refused credentials',
    title: 'Refused credentials a minute from one address',
    remedy: 'Mend the credential. A good one is taken from the same address meanwhile.',
  },
  tokens_per_second_key: {
    ...perSecond,
    scope: 'key',
    unit: 'tokens',
    title: 'Client tokens a second made with one key',
    remedy: 'Give each client one token for its whole life, or sign tokens on your own server.',
  },
  publishes_per_second_key: {
    ...perSecond,
    scope: 'key',
    unit: 'messages',
    title: 'Messages a second published with one key and its tokens',
    remedy: 'Send these again when Retry-After is over.',
  },
  publishes_per_second_client: {
    ...perSecond,
    scope: 'client',
    unit: 'messages',
    title: 'Messages a second published by one client',
    remedy: 'Send these again when Retry-After is over.',
  },
  publishes_per_second_channel: {
    ...perSecond,
    scope: 'channel',
    unit: 'messages',
    title: 'Messages a second published to one channel',
    remedy: 'Send these again when Retry-After is over, or spread them over several channels.',
  },
  publishes_per_second_tenant: {
    ...perSecond,
    scope: 'tenant',
    unit: 'messages',
    title: 'Messages a second published by the tenant’s apps together',
    remedy: 'Send these again when Retry-After is over, or take a larger plan.',
  },
  publish_bytes_per_second_tenant: {
    ...perSecond,
    scope: 'tenant',
    unit: 'bytes',
    title: 'Bytes a second published by the tenant’s apps together',
    remedy: 'Send less at once, or publish references to what is stored elsewhere.',
  },
  direct_messages_per_second_client: {
    ...perSecond,
    scope: 'client',
    unit: 'messages',
    title: 'Messages a second that one client sends to inboxes',
    remedy: 'Send these again when Retry-After is over.',
  },
  holds_key: {
    ...atOnce,
    scope: 'key',
    unit: 'held requests',
    title: 'Requests held at once with one key and its tokens',
    remedy: 'End one, or wait until one is answered.',
  },
  holds_client: {
    ...atOnce,
    scope: 'client',
    unit: 'held requests',
    title: 'Requests held at once for one client',
    remedy: 'Ask for all channels in one request, or end another.',
  },
  holds_app: {
    ...atOnce,
    scope: 'app',
    unit: 'held requests',
    title: 'Requests held at once by one app',
    remedy: 'End one, or wait until one is answered.',
  },
  holds_tenant: {
    ...atOnce,
    scope: 'tenant',
    unit: 'held requests',
    title: 'Requests held at once by the tenant’s apps together',
    remedy: 'End one, wait until one is answered, or take a larger plan.',
  },
  holds_server: {
    ...atOnce,
    inPlan: false,
    code: 'unavailable',
    scope: 'server',
    unit: 'held requests',
    title: 'Requests that one server holds at once',
    remedy: 'Try again shortly: another server may have room.',
  },
  streams_key: {
    ...atOnce,
    scope: 'key',
    unit: 'streams',
    title: 'Event streams and WebSockets open at once with one key and its tokens',
    remedy: 'Close one, or receive by held requests.',
  },
  requests_waiting_key: {
    ...atOnce,
    scope: 'key',
    unit: 'requests',
    title: 'Requests of one key that wait for a reply at once',
    remedy: 'Ask again when one of them has its reply.',
    ceiling: LIMIT.waitingRequestsPerKey,
  },
  channels_live_app: {
    ...atOnce,
    scope: 'app',
    unit: 'channels',
    title: 'Channels of one app that somebody is receiving from',
    remedy: 'Receive from fewer channels, or wait until one is left.',
  },
  message_bytes: {
    ...perRequest,
    unit: 'bytes',
    title: 'Bytes of one message',
    remedy: 'Store the bulk elsewhere and publish a reference.',
    ceiling: LIMIT.messageMaxBytes,
  },
  body_bytes: {
    ...perRequest,
    unit: 'bytes',
    title: 'Bytes of the body of one publish',
    remedy: 'Divide the messages over several requests.',
    ceiling: LIMIT.bodyBytes,
  },
  batch_messages: {
    ...perRequest,
    unit: 'messages',
    title: 'Messages in one publish',
    remedy: 'Divide the messages over several requests.',
    ceiling: LIMIT.publishBatch,
  },
  poll_channels: {
    ...perRequest,
    unit: 'channels',
    code: 'invalid_request',
    title: 'Channels in one receive',
    remedy: 'Divide the channels over several requests.',
    ceiling: LIMIT.pollChannels,
  },
  publishes_per_day_tenant: {
    ...perPeriod,
    window: 'day',
    scope: 'tenant',
    unit: 'messages',
    title: 'Messages a day (UTC) published by the tenant’s apps together',
    remedy: 'Wait for the next day, or take a larger plan.',
  },
  publishes_per_month_tenant: {
    ...perPeriod,
    window: 'month',
    scope: 'tenant',
    unit: 'messages',
    title: 'Messages a month (UTC) published by the tenant’s apps together',
    remedy: 'Wait for the next month, or take a larger plan.',
  },
  presence_members_channel: {
    ...present,
    scope: 'channel',
    unit: 'members',
    title: 'Members present on one channel',
    remedy: 'Divide them over several channels, or wait until some leave.',
    ceiling: PRESENCE.channelMembers,
  },
  presence_members_app: {
    ...present,
    scope: 'app',
    unit: 'members',
    title: 'Members present on all channels of one app',
    remedy: 'Wait until some leave.',
    ceiling: PRESENCE.appMembers,
  },
  groups_channel: {
    ...present,
    scope: 'channel',
    unit: 'groups',
    title: 'Groups of one channel',
    remedy: 'Delete one that nobody uses.',
    ceiling: GROUP_LIMIT.perChannel,
  },
  apps: {
    ...kept,
    scope: 'tenant',
    unit: 'apps',
    title: 'Apps of the tenant',
    remedy: 'Revoke one that is no longer needed.',
    ceiling: 1_000,
  },
  keys: {
    ...kept,
    scope: 'app',
    unit: 'keys',
    title: 'Keys of one app',
    remedy: 'Revoke one that is no longer needed.',
    ceiling: 1_000,
  },
  namespaces: {
    ...kept,
    scope: 'app',
    unit: 'namespaces',
    title: 'Namespaces of one app',
    remedy: 'Delete one that is no longer needed.',
    ceiling: 1_000,
  },
  members: {
    ...kept,
    scope: 'tenant',
    unit: 'members',
    title: 'People who belong to the tenant',
    remedy: 'Remove one who is no longer needed.',
    ceiling: 1_000,
  },
  revocations: {
    ...kept,
    scope: 'app',
    unit: 'revocations',
    title: 'Revoked clients and tokens of one app whose tokens still live',
    remedy: 'Wait until older ones are over, or revoke the key instead.',
    ceiling: 10_000,
  },
} as const satisfies Record<string, LimitEntry>;

export type LimitName = keyof typeof LIMITS;
export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[];
