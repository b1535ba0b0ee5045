import { Problem, type PublishMessage, type RateLimitState } from '#contracts';
import type { Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { sendJson } from './send-json.js';

/**
 * Whether a publish is only to be told what would become of it.
 * @throws Problem invalid_request for a value that is neither true nor false
 */
export function isDryRun({ query }: Exchange): boolean {
  if (query === '' || !query.includes('dryRun')) return false;
  const values = new URLSearchParams(query).getAll('dryRun');
  if (values.length === 1 && values[0] === 'true') return true;
  if (values.length === 0 || (values.length === 1 && values[0] === 'false')) return false;
  throw new Problem('invalid_request', '`dryRun` is true or false, and given once.');
}

/** What one channel would be published. */
export interface Intended {
  readonly channel: string;
  readonly messages: readonly PublishMessage[];
  readonly bytes: number;
  readonly isDirect?: boolean;
}

/**
 * Everything that could refuse it, without storing or counting anything. Whether an `id` is known
 * already is not looked up: it would be stored, or answered as before.
 * @throws Problem what the publish would be refused with
 */
export async function rehearse(
  { limits, mediator }: EdgeContext,
  principal: Principal,
  { channel, messages, bytes, isDirect }: Intended,
  before = { messages: 0, bytes: 0 },
): Promise<void> {
  await limits.quotas.read(principal);
  const count = messages.length;
  limits.publishes.preview(principal, { channel, messages: count, bytes, isDirect }, before);
  const expected = messages[0]?.ifPosition;
  if (expected === undefined) return;
  const last = await mediator.last(principal.appId, channel);
  if (last === expected) return;
  throw new Problem(
    'position_conflict',
    `The last position of channel ${JSON.stringify(channel)} is ${last}, not the one in ifPosition. Nothing would be stored. Read up to ${last}, then decide again.`,
    { position: last },
  );
}

/** 200 with what would be published, and how full the limits are without it. */
export async function answerDryRun(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  intended: Intended,
): Promise<void> {
  await rehearse(context, principal, intended);
  const { channel, messages, isDirect } = intended;
  const states = context.limits.publishes.states(principal, channel, isDirect);
  const limits = states.map(shownState);
  const shown = { dryRun: true, wouldPublish: messages.length, limits };
  sendJson(exchange, 200, JSON.stringify(shown));
}

export function shownState({ name, scope, max, used, resetAt }: RateLimitState): object {
  return { name, scope, max, used, resetAt };
}
