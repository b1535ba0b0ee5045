import type { NamespaceRules, PublishMessage } from '#contracts';
import type { Principal } from '#access';
import type { Published } from '#mediator';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { checkPublisher, mediaType, takeBody } from '../publish.route.js';
import { foresee } from '../publishing.js';

export interface Intake {
  /** Of the body. */
  readonly bytes: number;
  readonly messages: readonly PublishMessage[];
  readonly isArray: boolean;
  readonly rules: NamespaceRules;
}

/**
 * Reads what a body publishes to a channel: the same for every route that stores.
 * @throws Problem whatever a publish is refused with, but for the rights.
 */
export async function takeIn(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  isDirect = false,
): Promise<Intake> {
  const rules = context.store.rules(principal.appId, channel);
  checkPublisher(principal, rules, channel);
  foresee(context, principal, channel, isDirect);
  const { body, messages } = await takeBody(exchange, principal, rules);
  const isArray = mediaType(exchange) === 'application/json' && startsArray(body);
  return { bytes: body.length, messages, isArray, rules };
}

export interface Sent {
  readonly id: string;
  readonly position: number;
  readonly duplicate?: true;
}

export function toSent({ id, position, duplicate }: Published): Sent {
  return duplicate ? { id, position, duplicate } : { id, position };
}

/** Of an array the last message stands for all, and the list follows. */
export function sentOf(
  messages: readonly Published[],
  isArray: boolean,
): Sent & { messages?: readonly Sent[] } {
  const all = messages.map(toSent);
  const last = all.at(-1) as Sent;
  return isArray ? { ...last, messages: all } : last;
}

const BRACKET = 0x5b;
/** The mark that may begin a text in UTF-8, and what JSON takes for blank. */
const BEFORE = new Set([0xef, 0xbb, 0xbf, 0x20, 0x09, 0x0a, 0x0d]);

/** The body is known to be good JSON. */
function startsArray(body: Buffer): boolean {
  let at = 0;
  while (BEFORE.has(body[at] ?? BRACKET)) at++;
  return body[at] === BRACKET;
}
