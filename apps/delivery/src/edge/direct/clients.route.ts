import { inboxOf, Problem } from '#contracts';
import { requireRight, type Principal } from '#access';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { answerDryRun, isDryRun } from '../dry-run.js';
import { orderOf } from '../publish.route.js';
import { limitHeaders, sendWithin } from '../publishing.js';
import { sendJson } from '../send-json.js';
import { receiveOrStream } from '../stream/http-stream.route.js';
import { sentOf, takeIn } from './intake.js';
import { clientIn } from './path-names.js';

/** POST /v1/clients/{clientId}/messages: stored in the client's inbox, whether anybody is there or not. */
export async function sendDirect(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const client = clientIn(segment, principal);
  const channel = inboxOf(client);
  requireRight(principal, 'publish', channel);
  const taken = await takeIn(context, exchange, principal, channel, true);
  const { messages, isArray, rules, bytes } = taken;
  if (isDryRun(exchange)) {
    const intended = { channel, messages, bytes, isDirect: true };
    return answerDryRun(context, exchange, principal, intended);
  }
  const order = orderOf(principal, channel, messages, rules);
  const outcome = await sendWithin(context, principal, order, { bytes });
  const { delivered } = outcome;
  const home = await homeOf(context, principal.appId, client);
  const { messages: list, ...last } = sentOf(outcome.messages, isArray);
  const headers = limitHeaders(context, principal, channel, true);
  if (headers.length > 0) exchange.always(headers);
  sendJson(exchange, 202, JSON.stringify({ ...last, delivered, home, messages: list }));
}

/** The message is stored: that its home cannot be told now must not look as if it were not. */
async function homeOf(context: EdgeContext, app: string, client: string): Promise<string | null> {
  try {
    return (await context.mediator.home(app, client))?.node ?? null;
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** GET /v1/clients/me/messages and GET /v1/clients/{clientId}/messages: the held receive on an inbox. */
export function receiveDirect(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): void {
  const client = clientIn(segment, principal);
  const channel = inboxOf(client);
  checkInboxReader(principal, channel);
  const { path, query } = exchange;
  receiveOrStream(context, exchange, principal, context.plans.parse(path, query, '', [channel]));
}

/**
 * A key reads the inboxes that it may, a token its own client's.
 * @throws Problem forbidden
 */
export function checkInboxReader(principal: Principal, inbox: string): void {
  if (principal.kind === 'key') requireRight(principal, 'subscribe', inbox);
  else if (principal.clientId === null || inbox !== inboxOf(principal.clientId)) {
    throw foreignInbox(inbox);
  }
}

/** GET /v1/clients/{clientId}: on which node its polls are held, and since when. */
export async function showHome(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const client = clientIn(segment, principal);
  // Who may send to a client is told its home with every message anyway.
  if (client !== principal.clientId) requireRight(principal, 'publish', inboxOf(client));
  const home = await context.mediator.home(principal.appId, client);
  if (!home) {
    throw new Problem(
      'not_found',
      `The client ${JSON.stringify(client)} has no home now: it holds no request, and ended its last one more than 15 seconds ago. What is sent to it is stored.`,
    );
  }
  const { node, since, holds } = home;
  const shown = { clientId: client, node, since: new Date(since).toISOString(), holds };
  sendJson(exchange, 200, JSON.stringify(shown));
}

function foreignInbox(channel: string): Problem {
  return new Problem(
    'forbidden',
    'A token reads the inbox of its own client alone: GET /v1/clients/me/messages. For another inbox, use an API key that may subscribe to it.',
    { capability: { operation: 'subscribe', channel } },
  );
}
