import { LinkBody, linkChannel, otherEnd, Problem, type LinkEnd, type Operation } from '#contracts';
import { requireRight, type Principal } from '#access';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { schemaProblem } from '../faults.js';
import { parseJson } from '../json-body.js';
import { answerDryRun, isDryRun } from '../dry-run.js';
import { mediaType, orderOf, refuseEncodedBody } from '../publish.route.js';
import { limitHeaders, publishWithin } from '../publishing.js';
import { sendJson } from '../send-json.js';
import { receiveOrStream } from '../stream/http-stream.route.js';
import { sentOf, takeIn } from './intake.js';
import { clientOfEnd, type LinkRecord } from './link-book.js';
import { endIn, linkIn } from './path-names.js';

const BODY_BYTES = 4096;

/** PUT /v1/links/{link}: makes a pair of channels, or says anew who may use its ends. */
export async function putLink(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const link = linkIn(segment);
  requireMaker(principal, link);
  refuseEncodedBody(exchange);
  const bytes = await exchange.body(BODY_BYTES);
  if (bytes.length > 0 && mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      'Send the link as JSON, with Content-Type: application/json, or without a body.',
    );
  }
  const parsed = LinkBody.safeParse(bytes.length === 0 ? {} : parseJson(bytes));
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The link is not valid');
  const { record, isNew } = await context.links.put(principal.appId, link, parsed.data);
  sendJson(exchange, isNew ? 201 : 200, JSON.stringify(shown(link, record)));
}

/** GET /v1/links/{link} */
export async function showLink(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const link = linkIn(segment);
  const isEnd = (end: LinkEnd) => principal.may('subscribe', linkChannel(link, end));
  if (!isEnd('a')) requireRight(principal, 'subscribe', linkChannel(link, 'b'));
  const record = await known(context, principal, link);
  sendJson(exchange, 200, JSON.stringify(shown(link, record)));
}

/** DELETE /v1/links/{link}: the link goes, and with it what its ends have not read. */
export async function removeLink(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const link = linkIn(segment);
  requireMaker(principal, link);
  if (!(await context.links.remove(principal.appId, link))) throw unknownLink(link);
  exchange.send(204, ['Content-Length', '0'], null);
}

/** POST /v1/links/{link}/{end}/messages: stored where the other end reads. */
export async function sendLinked(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segments: readonly string[],
): Promise<void> {
  const { link, end } = await endOf(context, principal, segments, 'publish');
  const channel = linkChannel(link, otherEnd(end));
  const { messages, isArray, rules, bytes } = await takeIn(context, exchange, principal, channel);
  if (isDryRun(exchange)) {
    return answerDryRun(context, exchange, principal, { channel, messages, bytes });
  }
  const order = orderOf(principal, channel, messages, rules);
  const outcome = await publishWithin(context, principal, order, { bytes });
  const headers = limitHeaders(context, principal, channel);
  if (headers.length > 0) exchange.always(headers);
  sendJson(exchange, 202, JSON.stringify(sentOf(outcome.messages, isArray)));
}

/** GET /v1/links/{link}/{end}/messages: the held receive on what the other end posts. */
export async function receiveLinked(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segments: readonly string[],
): Promise<void> {
  const { path, query } = exchange;
  const { link, end } = await endOf(context, principal, segments, 'subscribe');
  const granted = [linkChannel(link, end)];
  receiveOrStream(context, exchange, principal, context.plans.parse(path, query, '', granted));
}

/**
 * The end that a path names, once it is sure that this principal may use it. The right is asked for
 * the end that is used, whichever channel its messages are stored in.
 * @throws Problem forbidden, not_found
 */
async function endOf(
  context: EdgeContext,
  principal: Principal,
  [linkSegment, endSegment]: readonly string[],
  operation: Operation,
): Promise<{ link: string; end: LinkEnd }> {
  const link = linkIn(linkSegment);
  const end = endIn(endSegment);
  const channel = linkChannel(link, end);
  requireRight(principal, operation, channel);
  const owner = clientOfEnd(await known(context, principal, link), end);
  if (owner !== null && principal.kind === 'token' && principal.clientId !== owner) {
    throw new Problem(
      'forbidden',
      `End ${end} of the link ${JSON.stringify(link)} belongs to another client. Use the end that is yours, or a key.`,
      { capability: { operation, channel } },
    );
  }
  return { link, end };
}

/** Who says who may use a link could listen in on it: that takes a key. */
function requireMaker(principal: Principal, link: string): void {
  if (principal.kind !== 'key') {
    throw new Problem(
      'forbidden',
      'A token cannot make or remove links. Do it from your server, with an API key.',
    );
  }
  for (const end of ['a', 'b'] as const) requireRight(principal, 'publish', linkChannel(link, end));
}

async function known(
  context: EdgeContext,
  { appId }: Principal,
  link: string,
): Promise<LinkRecord> {
  const record = await context.links.find(appId, link);
  if (record) return record;
  throw unknownLink(link);
}

function unknownLink(link: string): Problem {
  return new Problem(
    'not_found',
    `There is no link ${JSON.stringify(link)}. Make it with PUT /v1/links/{link}, with an API key.`,
  );
}

function shown(link: string, { createdAt, a, b }: LinkRecord): object {
  const path = `/v1/links/${encodeURIComponent(link)}`;
  return {
    link,
    createdAt: new Date(createdAt).toISOString(),
    a: { clientId: a, messages: `${path}/a/messages` },
    b: { clientId: b, messages: `${path}/b/messages` },
  };
}
