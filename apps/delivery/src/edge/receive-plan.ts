import { channelNameFault, LIMIT, parseFrom, Problem, ReceiveQuery, type From } from '#contracts';
import type { ReceiveView } from '#mediator';
import { schemaProblem } from './faults.js';
import { QueryView } from './receive-view.js';

/** What a receive asks for, apart from its cursor: the same from poll to poll, so it is worked out once. */
export interface ReceivePlan {
  readonly channels: readonly string[];
  readonly from: From;
  /** Seconds asked for in the query; null: not said. */
  readonly wait: number | null;
  readonly limit: number;
  /** The inbox of the token's client is wanted too. */
  readonly inbox: boolean;
  /** Changes of the channels' presence are wanted too. */
  readonly presence: boolean;
  /** What is wanted of the channels, and how; undefined: everything, as it comes. */
  readonly view?: ReceiveView | undefined;
  /** Where the next receive goes, up to and including `cursor=`. */
  readonly nextUrl: string;
}

export interface ParsedReceive {
  readonly plan: ReceivePlan;
  readonly cursor: string | null;
  /** Channels that the route leads to and has checked. */
  readonly granted?: readonly string[];
}

const NOW: From = { kind: 'now' };
const PLANS_KEPT = 20_000;
const ALLOWED = new Set(['from', 'wait', 'limit', 'inbox', 'presence', 'channel', 'access_token']);

/**
 * Reads the query of a receive. Everything but the cursor is validated by the schema once and then
 * remembered by its text: a receiver sends the same text with every poll.
 */
export class ReceivePlans {
  private readonly plans = new Map<string, ReceivePlan>();

  /**
   * @param pathChannel the channel of the path, or null where the query names them.
   * @param granted channels that the path leads to in another way: `pathChannel` is '' then.
   * @throws Problem invalid_request
   */
  parse(
    path: string,
    query: string,
    pathChannel: string | null,
    granted?: readonly string[],
  ): ParsedReceive {
    let cursor: string | null = null;
    let rest = query;
    const at = query.startsWith('cursor=') ? 0 : query.indexOf('&cursor=') + 1;
    if (at > 0 || query.startsWith('cursor=')) {
      const end = query.indexOf('&', at);
      const raw = query.slice(at + 7, end < 0 ? undefined : end);
      cursor = raw.includes('%') ? decode(raw, 'cursor') : raw;
      rest =
        query.slice(0, Math.max(0, at - 1)) +
        (end < 0 ? '' : query.slice(at === 0 ? end + 1 : end));
      if (rest.startsWith('cursor=') || rest.includes('&cursor=')) {
        throw new Problem('invalid_request', '`cursor` is given twice. Send one.');
      }
      if (cursor === '')
        throw new Problem('invalid_request', '`cursor` is empty. Leave it out to start anew.');
    }
    const key = `${path}?${rest}`;
    let plan = this.plans.get(key);
    if (!plan) {
      plan = makePlan(path, rest, pathChannel);
      if (this.plans.size >= PLANS_KEPT)
        this.plans.delete(this.plans.keys().next().value as string);
      this.plans.set(key, plan);
    }
    return granted ? { plan, cursor, granted } : { plan, cursor };
  }
}

function makePlan(path: string, rest: string, pathChannel: string | null): ReceivePlan {
  const given: Record<string, string> = {};
  const channels: string[] = [];
  const wanted = new QueryView();
  for (const part of rest === '' ? [] : rest.split('&')) {
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals), 'a parameter');
    const value = decode(equals < 0 ? '' : part.slice(equals + 1), name);
    if (wanted.take(name, value)) continue;
    if (!ALLOWED.has(name)) {
      throw new Problem(
        'invalid_request',
        `There is no parameter \`${name.slice(0, 40)}\` here. A receive takes cursor, from, wait, limit, inbox, presence, name, header.<key>, conflate, window${pathChannel === null ? ', and channel for each channel' : ''}.`,
      );
    }
    if (name === 'channel') channels.push(value);
    else if (Object.hasOwn(given, name))
      throw new Problem('invalid_request', `\`${name}\` is given twice. Send one.`);
    else given[name] = value;
  }
  if (pathChannel !== null && channels.length > 0) {
    throw new Problem(
      'invalid_request',
      'The path names the channel already. For several, use GET /v1/messages?channel=a&channel=b.',
    );
  }
  const names = pathChannel === null ? [...new Set(channels)] : pathChannel ? [pathChannel] : [];
  if (names.length > 0 || (pathChannel === null && given['inbox'] !== 'true')) checkChannels(names);
  const parsed = ReceiveQuery.safeParse(given);
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The query is not valid');
  const { from, wait, limit } = parsed.data;
  const kept = rest
    .split('&')
    .filter(
      (part) => part !== '' && !part.startsWith('from=') && !part.startsWith('access_token='),
    );
  return Object.freeze({
    channels: Object.freeze(names),
    from: from === undefined ? NOW : (parseFrom(from) as From),
    wait: wait ?? null,
    limit: limit ?? LIMIT.answerDefaultMessages,
    inbox: parsed.data.inbox ?? false,
    presence: parsed.data.presence ?? false,
    view: wanted.view,
    nextUrl: `${path}?${[...kept, 'cursor='].join('&')}`,
  });
}

function checkChannels(names: readonly string[]): void {
  if (names.length === 0) {
    throw new Problem(
      'invalid_request',
      'No channel is named. Add `channel=<name>`, once for each channel.',
    );
  }
  if (names.length > LIMIT.queryChannels) {
    throw new Problem(
      'invalid_request',
      `${names.length} channels; a GET takes ${LIMIT.queryChannels}. Use POST /v1/poll for up to ${LIMIT.pollChannels}.`,
      {
        limit: {
          name: 'query_channels',
          scope: 'request',
          max: LIMIT.queryChannels,
          used: names.length,
          resetAt: null,
        },
      },
    );
  }
  for (const name of names) {
    const fault = channelNameFault(name);
    if (fault) throw new Problem('invalid_request', `Not a channel: ${fault}.`);
  }
}

/** Percent-decoding; a plus is a space, as forms write it. */
function decode(text: string, what: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    throw new Problem('invalid_request', `The URL encoding of ${what} is not valid UTF-8.`);
  }
}
