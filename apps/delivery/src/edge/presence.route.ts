import {
  ClientId,
  namespaceOf,
  PRESENCE,
  PresenceBody,
  PresenceQuery,
  Problem,
  utf8Bytes,
} from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { PresenceRoom } from '#mediator';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { schemaProblem } from './faults.js';
import { ownerOf } from './hold-owner.js';
import { parseJson } from './json-body.js';
import { mediaType, refuseEncodedBody } from './publish.route.js';
import { sendJson } from './send-json.js';

/** Room for the data, written with as many blanks and escapes as there may be. */
const BODY_BYTES = 64 * 1024;

/** PUT /v1/channels/{channel}/presence/{clientId}: present, or still present. */
export async function enterPresence(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): Promise<void> {
  const clientId = clientIn(segment);
  checkPresence(context, principal, channel);
  checkClient(principal, clientId);
  refuseEncodedBody(exchange);
  const bytes = await exchange.body(BODY_BYTES);
  if (bytes.length > 0 && mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      'Presence is JSON: send it with Content-Type: application/json.',
    );
  }
  const parsed = PresenceBody.safeParse(bytes.length === 0 ? {} : parseJson(bytes));
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The presence is not valid');
  const data = dataText(parsed.data.data, 'data');
  const ttl = parsed.data.ttl ?? PRESENCE.ttlDefaultSeconds;
  const entry = { owner: ownerOf(principal), channel, clientId, data, room: roomOf(principal) };
  const { since, expiresAt } = context.presence.put(entry, ttl * 1000);
  sendJson(
    exchange,
    200,
    `{"clientId":${JSON.stringify(clientId)},"data":${data},"since":"${isoTime(since)}","expiresAt":"${isoTime(expiresAt)}"}`,
  );
}

/** DELETE /v1/channels/{channel}/presence/{clientId}: not present from now on. */
export function leavePresence(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): void {
  const clientId = clientIn(segment);
  checkPresence(context, principal, channel);
  checkClient(principal, clientId);
  context.presence.leave(principal.appId, channel, clientId);
  exchange.send(204, ['Cache-Control', 'no-store'], null);
}

/** GET /v1/channels/{channel}/presence: who is there, page by page. */
export async function listPresence(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
): Promise<void> {
  checkPresence(context, principal, channel);
  const { after, limit = PRESENCE.pageDefaultMembers } = readQuery(exchange.query);
  const page = await context.presence.list({
    app: principal.appId,
    channel,
    after: after ?? null,
    limit,
  });
  if (page.next !== null) {
    const next = new URLSearchParams({ limit: String(limit), after: page.next });
    exchange.always(['Link', `<${exchange.path}?${next.toString()}>; rel="next"`]);
  }
  sendJson(exchange, 200, page.body);
}

/**
 * May this credential see and change who is present here?
 * @throws Problem forbidden
 */
export function checkPresence(
  context: Pick<EdgeContext, 'store'>,
  principal: Principal,
  channel: string,
): void {
  requireCapability(principal, 'presence', channel);
  if (context.store.rules(principal.appId, channel).presence) return;
  const namespace = namespaceOf(channel);
  throw new Problem(
    'forbidden',
    `Presence is switched off for the channel ${JSON.stringify(channel)}: its namespace ${JSON.stringify(namespace)} has the rule presence: false. Switch it on in the namespace's rules, or use a channel of another namespace.`,
  );
}

/**
 * The data of a member as JSON text; what was not given is null.
 * @throws Problem message_too_large
 */
export function dataText(data: unknown, where: string): string {
  const text = JSON.stringify(data ?? null);
  const max = PRESENCE.dataBytes;
  if (text.length * 3 <= max) return text;
  const used = utf8Bytes(text);
  if (used <= max) return text;
  throw new Problem(
    'message_too_large',
    `The presence ${where} has ${used} bytes as JSON; ${max} fit. Store the bulk elsewhere and put a reference.`,
    { limit: { name: 'presence_data_bytes', scope: 'member', max, used, resetAt: null } },
  );
}

/** Members that the limits leave room for; undefined: as many as anybody may have. */
export function roomOf({ limits }: Principal): PresenceRoom | undefined {
  const { presence_members_channel: channelMembers, presence_members_app: appMembers } = limits;
  return channelMembers === undefined && appMembers === undefined
    ? undefined
    : { channelMembers, appMembers };
}

/**
 * A key speaks for everybody, a token for its own client alone.
 * @throws Problem forbidden
 */
export function checkClient(principal: Principal, clientId: string): void {
  if (principal.kind === 'key' || principal.clientId === clientId) return;
  throw new Problem(
    'forbidden',
    principal.clientId === null
      ? 'This token names no client, so it cannot be present as one. Make it with a clientId (POST /v1/tokens), or use an API key.'
      : `This token is of the client ${JSON.stringify(principal.clientId)} and cannot speak for ${JSON.stringify(clientId)}. Use its own client id, or an API key.`,
  );
}

function clientIn(segment: string | undefined): string {
  let text: string;
  try {
    text = decodeURIComponent(segment ?? '');
  } catch {
    throw new Problem(
      'invalid_request',
      'The client id in the path is not valid percent-encoded UTF-8.',
    );
  }
  const parsed = ClientId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw schemaProblem('invalid_request', parsed.error, 'The client id in the path is not valid');
}

function readQuery(query: string): ReturnType<typeof PresenceQuery.parse> {
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (!Object.hasOwn(PresenceQuery.shape, name)) {
      throw new Problem(
        'invalid_request',
        `There is no parameter \`${name.slice(0, 40)}\` here. The list of members takes limit and after.`,
      );
    }
    if (Object.hasOwn(given, name))
      throw new Problem('invalid_request', `\`${name}\` is given twice. Send one.`);
    given[name] = value;
  }
  const parsed = PresenceQuery.safeParse(given);
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The query is not valid');
  return parsed.data;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
