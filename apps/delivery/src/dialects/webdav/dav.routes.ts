import { LIMIT, Problem } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { EdgeContext } from '../../edge/context.js';
import type { Exchange } from '../../edge/exchange.js';
import { look } from '../../edge/look.js';
import { leavePlaces, takePlaces } from '../../edge/places.js';
import { publish } from '../../edge/publish.route.js';
import { HeldPath } from '../../edge/held-path.js';
import { holdHeaders, holdTime } from '../../edge/hold-time.js';
import type { RouteTable } from '../../edge/route-table.js';
import { multistatus, type DavStatus } from './multistatus.js';
import { DavSubscriptions, type DavSubscription } from './subscriptions.js';

const DEFAULT_LIFETIME_S = 3_600;
const MAX_LIFETIME_S = 57_600;
/** Ids in one Subscription-id header. */
const MAX_IDS = 100;
const PATH = '/dav/{channel}';

/** What a POST may be said to be, by those whose client or server library does not know the method. */
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const;

type Answering = (exchange: Exchange, who: Principal, channel: string) => void | Promise<void>;

/**
 * Notifications as clients of WebDAV know them from Exchange 2000 and 2003: SUBSCRIBE, POLL, UNSUBSCRIBE
 * on a channel, and NOTIFY to publish. Each is also a POST that names it, for libraries that do not know
 * the method.
 */
export function addDavRoutes(
  table: RouteTable,
  context: EdgeContext,
  channelIn: (segment: string | undefined) => string,
): void {
  const kept = new DavSubscriptions();
  const methods: Record<string, Answering> = {
    SUBSCRIBE: (exchange, who, channel) => subscribe(context, kept, exchange, who, channel),
    POLL: (exchange, who, channel) => poll(context, kept, exchange, who, channel),
    UNSUBSCRIBE: (exchange, who, channel) => unsubscribe(context, kept, exchange, who, channel),
    NOTIFY: (exchange, who, channel) => publish(context, exchange, who, channel),
  };
  for (const [method, answer] of Object.entries(methods))
    table.add(method, PATH, (exchange, who, [channel]) =>
      answer(exchange, who, channelIn(channel)),
    );
  table.addOpen('OPTIONS', PATH, options);
  table.add('POST', PATH, (exchange, who, [channel]) => {
    const method = OVERRIDES.map((name) => exchange.header(name)).find(
      (said) => said !== undefined,
    );
    const answer = methods[method?.trim().toUpperCase() ?? ''];
    if (!answer) {
      throw new Problem(
        'invalid_request',
        'A POST here names its method: send X-HTTP-Method-Override with POLL, SUBSCRIBE, UNSUBSCRIBE or NOTIFY.',
      );
    }
    return answer(exchange, who, channelIn(channel));
  });
}

const METHODS = 'OPTIONS, SUBSCRIBE, POLL, UNSUBSCRIBE, NOTIFY, POST';

/** What a client asks before anything else. Of WebDAV (RFC 4918) a channel has the notifications alone. */
function options(exchange: Exchange): void {
  exchange.send(
    200,
    [
      'Allow',
      METHODS,
      'Public',
      METHODS,
      'DAV',
      '<urn:holdline:notifications>',
      'Content-Length',
      '0',
    ],
    null,
  );
}

async function subscribe(
  context: EdgeContext,
  kept: DavSubscriptions,
  exchange: Exchange,
  who: Principal,
  channel: string,
): Promise<void> {
  requireCapability(who, 'subscribe', channel);
  const lifetimeS = lifetime(exchange);
  checkWishes(exchange);
  const renewed = exchange.header('subscription-id');
  if (renewed !== undefined) {
    const ids = idsIn(renewed);
    for (const id of ids)
      if (!kept.touch(id, who, channel, context.clock, lifetimeS * 1000)) throw gone(id);
    subscribed(exchange, ids, lifetimeS, null);
    return;
  }
  const type = exchange.header('notification-type');
  if (type === undefined) {
    throw new Problem(
      'invalid_request',
      'Notification-Type is missing. Send `Notification-Type: update/newmember`, or `update`.',
    );
  }
  const { cursor } = await look(context, who, channel, null);
  const made = kept.add(
    who,
    { channel, type: type.trim().toLowerCase(), lifetimeMs: lifetimeS * 1000, cursor },
    context.clock,
  );
  subscribed(exchange, [made.id], lifetimeS, type);
}

function subscribed(
  exchange: Exchange,
  ids: readonly number[],
  lifetimeS: number,
  type: string | null,
): void {
  exchange.send(
    200,
    [
      'Subscription-Id',
      ids.join(', '),
      'Subscription-Lifetime',
      String(lifetimeS),
      'Content-Location',
      exchange.path,
      ...(type === null ? [] : ['Notification-Type', type]),
      // Nothing is ever held back.
      'Notification-Delay',
      '0',
      'Cache-Control',
      'no-store',
      'Content-Length',
      '0',
    ],
    null,
  );
}

async function poll(
  context: EdgeContext,
  kept: DavSubscriptions,
  exchange: Exchange,
  who: Principal,
  channel: string,
): Promise<void> {
  requireCapability(who, 'subscribe', channel);
  const ids = idsIn(exchange.header('subscription-id'));
  const unknown: number[] = [];
  const known: DavSubscription[] = [];
  for (const id of ids) {
    const found = kept.touch(id, who, channel, context.clock);
    if (found) known.push(found);
    else unknown.push(id);
  }
  const changed = await changes(context, exchange, who, channel, known);
  // Gone while it was held: what it would have been told is told at its next POLL.
  if (!changed) return;
  const found: DavStatus[] = [];
  for (const [one, cursor] of changed) {
    const read = `/v1/channels/${encodeURIComponent(channel)}/messages?wait=0&cursor=${one.cursor}`;
    if (fires(one)) found.push({ status: '200 OK', ids: [one.id], read });
    one.cursor = cursor;
  }
  const quiet = known.filter((one) => !changed.has(one) || !fires(one));
  if (quiet.length > 0) found.push({ status: '204 No Content', ids: quiet.map(({ id }) => id) });
  if (unknown.length > 0) found.push({ status: '412 Precondition Failed', ids: unknown });
  const text = multistatus(exchange.path, found);
  const changedIds = [...changed.keys()].filter(fires).map(({ id }) => id);
  exchange.send(
    207,
    [
      'Content-Type',
      'text/xml; charset=utf-8',
      'Content-Length',
      String(Buffer.byteLength(text)),
      ...(changedIds.length > 0 ? ['Subscription-Id', changedIds.join(', ')] : []),
      'Cache-Control',
      'no-store',
    ],
    text,
  );
}

/** Messages are added to a channel, never changed or moved: other subscriptions have nothing to tell. */
function fires({ type }: DavSubscription): boolean {
  return type.startsWith('update') || type.startsWith('pragma/');
}

/** Those with something new, and where each goes on then. Null: the client went away while it was held. */
async function changes(
  context: EdgeContext,
  exchange: Exchange,
  who: Principal,
  channel: string,
  known: readonly DavSubscription[],
): Promise<ReadonlyMap<DavSubscription, string> | null> {
  const changed = new Map<DavSubscription, string>();
  const firing = known.filter(fires);
  const note = (one: DavSubscription, answer: { messages: number; cursor: string }) => {
    if (answer.messages > 0) changed.set(one, answer.cursor);
  };
  await Promise.all(
    firing.map(async (one) => note(one, await look(context, who, channel, one.cursor))),
  );
  const asked = holdTime(exchange, null, who, context.clock.now());
  const wait = asked.reason === 'default' ? 0 : asked.seconds;
  if (changed.size > 0 || firing.length === 0 || wait === 0) return changed;

  const path = new HeldPath(context, exchange, who, asked);
  exchange.always(holdHeaders(path.time));
  const places = [{ principal: who, channels: [channel] }];
  takePlaces(context, places, 'hold');
  try {
    return await new Promise((resolve, reject) => {
      const holds: { cancel(): void }[] = [];
      const cancel = () => {
        for (const hold of holds) hold.cancel();
      };
      let isOver = false;
      const end = (outcome: ReadonlyMap<DavSubscription, string> | null) => {
        if (isOver) return;
        isOver = true;
        cancel();
        if (outcome) path.answered();
        else path.gone();
        resolve(outcome);
      };
      path.held();
      exchange.onGone(() => end(null));
      let open = firing.length;
      for (const one of firing) {
        look(context, who, channel, one.cursor, path.time.seconds * 1000, (hold) =>
          holds.push(hold),
        ).then(
          (answer) => {
            note(one, answer);
            open -= 1;
            // The others are answered by the same commit, if at all: they get their turn first.
            if (open === 0) end(changed);
            else if (answer.messages > 0) setImmediate(end, changed);
          },
          (fault: unknown) => {
            isOver = true;
            cancel();
            reject(fault instanceof Error ? fault : new Error(String(fault)));
          },
        );
      }
    });
  } finally {
    leavePlaces(context, places, 'hold');
  }
}

async function unsubscribe(
  context: EdgeContext,
  kept: DavSubscriptions,
  exchange: Exchange,
  who: Principal,
  channel: string,
): Promise<void> {
  const ids = idsIn(exchange.header('subscription-id'));
  const found = ids.map((id) => kept.touch(id, who, channel, context.clock));
  const missing = found.indexOf(null);
  if (missing >= 0) throw gone(ids[missing] as number);
  for (const one of found) kept.remove(one as DavSubscription);
  exchange.send(
    200,
    ['Subscription-Id', ids.join(', '), 'Cache-Control', 'no-store', 'Content-Length', '0'],
    null,
  );
}

/** @throws Problem invalid_request */
function idsIn(header: string | undefined): number[] {
  const parts = (header ?? '').split(',').map((part) => part.trim());
  if (parts.length > MAX_IDS || !parts.every((part) => /^\d{1,15}$/.test(part))) {
    throw new Problem(
      'invalid_request',
      `Subscription-Id is missing, or not a list of at most ${MAX_IDS} numbers. Send what SUBSCRIBE answered.`,
    );
  }
  return [...new Set(parts.map(Number))];
}

function lifetime(exchange: Exchange): number {
  const said = exchange.header('subscription-lifetime');
  if (said === undefined) return DEFAULT_LIFETIME_S;
  if (!/^\d{1,9}$/.test(said) || Number(said) === 0) {
    throw new Problem(
      'invalid_request',
      'Subscription-Lifetime is not a number of seconds. Send one, or leave it out for an hour.',
    );
  }
  return Math.max(LIMIT.holdMaxSeconds, Math.min(Number(said), MAX_LIFETIME_S));
}

const DEPTHS = /^(?:0|(?:1|infinity)(?:\s*,\s*noroot)?)$/i;

/**
 * A channel has nothing below it but its messages, so every depth is the same.
 * @throws Problem invalid_request
 */
function checkWishes(exchange: Exchange): void {
  const depth = exchange.header('depth');
  if (depth !== undefined && !DEPTHS.test(depth.trim())) {
    throw new Problem(
      'invalid_request',
      'Depth is 0, 1 or infinity, with `,noroot` after the last two. Send one, or leave it out.',
    );
  }
  const delay = exchange.header('notification-delay');
  if (delay !== undefined && !/^\d{1,9}$/.test(delay.trim())) {
    throw new Problem(
      'invalid_request',
      'Notification-Delay is not a number of seconds. Send one, or leave it out: a POLL tells what is there at once.',
    );
  }
}

function gone(id: number): Problem {
  return new Problem(
    'not_found',
    `There is no subscription ${id} of yours on this channel: it expired, or this server was started anew. SUBSCRIBE again.`,
  );
}
