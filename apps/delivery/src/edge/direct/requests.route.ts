import { Problem, RequestQuery, type PublishMessage } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { Hold, Published, RequestReceiver } from '#mediator';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { schemaProblem } from '../faults.js';
import { ownerOf } from '../hold-owner.js';
import { retentionOf, sendJson } from '../publish.route.js';
import { holdTime } from '../receive.route.js';
import { takeIn, toSent } from './intake.js';
import { addressIn } from './path-names.js';

/** POST /v1/channels/{channel}/requests: publishes one message and holds until a reader replies to it. */
export async function request(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
): Promise<void> {
  requireCapability(principal, 'publish', channel);
  const wait = readWait(exchange.query);
  const { messages, isArray, rules } = await takeIn(context, exchange, principal, channel);
  const message = onlyOne(messages, isArray);
  const hold = holdTime(exchange, wait, principal, context.clock.now());
  context.holdLimits.take(principal);
  const asker = new Asker(context, exchange, principal, channel);
  try {
    asker.hold = context.mediator.request(
      {
        owner: ownerOf(principal),
        channel,
        message,
        retention: retentionOf(rules),
        label: principal.keyId,
        waitMs: hold.seconds * 1000,
      },
      asker,
    );
  } catch (error) {
    asker.release();
    throw error;
  }
  exchange.onEnd((isWhole) => (isWhole ? asker.written() : asker.gone()));
}

/** POST /v1/replies/{replyTo}: whoever was given the address may reply, once. */
export async function reply(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const address = addressIn(segment);
  const { messages, isArray, rules } = await takeIn(context, exchange, principal, 'reply:');
  const { ttl, ifPosition, ...message } = onlyOne(messages, isArray);
  if (ttl !== undefined || ifPosition !== undefined) {
    throw new Problem(
      'invalid_message',
      'A reply takes no ttl and no ifPosition: it is handed to who asked. Leave them out.',
    );
  }
  const stored = await context.mediator.reply({
    app: principal.appId,
    address,
    clientId: principal.clientId,
    label: principal.keyId,
    message,
    retention: retentionOf(rules),
  });
  sendJson(exchange, 202, JSON.stringify(toSent(stored)));
}

/** The asker's end: writes the one answer and gives the place back, on every path once. */
class Asker implements RequestReceiver {
  hold: Hold | null = null;
  private isReleased = false;
  private isAnswered = false;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly principal: Principal,
    private readonly channel: string,
  ) {}

  reply(message: Buffer, { id, position }: Published): void {
    this.release();
    this.isAnswered = true;
    const request = JSON.stringify({ id, position });
    sendJson(this.exchange, 200, `{"reply":${message.toString('utf8')},"request":${request}}`);
  }

  refuse(problem: Problem): void {
    this.release();
    this.exchange.refuse(problem);
  }

  /** The whole answer is on its way to the asker. */
  written(): void {
    const { context, principal, channel } = this;
    if (this.isAnswered) context.usage.deliveredReply(principal, channel);
  }

  gone(): void {
    this.hold?.cancel();
    this.release();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.context.holdLimits.release(this.principal);
  }
}

function onlyOne(messages: readonly PublishMessage[], isArray: boolean): PublishMessage {
  const [message] = messages;
  if (message && !isArray) return message;
  throw new Problem(
    'invalid_message',
    'Send one message as an object, not an array: a request has one reply, and a reply is one message.',
  );
}

function readWait(query: string): number | null {
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== 'wait' || Object.hasOwn(given, name)) {
      throw new Problem(
        'invalid_request',
        `\`${name.slice(0, 40)}\` is not taken here, or given twice. A request takes \`wait\`, in seconds, once.`,
      );
    }
    given[name] = value;
  }
  const parsed = RequestQuery.safeParse(given);
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The query is not valid');
  return parsed.data.wait ?? null;
}
