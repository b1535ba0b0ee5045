import { Problem, RequestQuery, type PublishMessage } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { Hold, Published, RequestReceiver } from '#mediator';
import type { EdgeContext } from '../context.js';
import { answerDryRun, isDryRun } from '../dry-run.js';
import type { Exchange } from '../exchange.js';
import { schemaProblem } from '../faults.js';
import { HeldPath } from '../held-path.js';
import { ownerOf } from '../hold-owner.js';
import { holdHeaders, holdTime } from '../hold-time.js';
import { leavePlaces, takePlaces } from '../places.js';
import { reply, retentionOf } from '../publish.route.js';
import { countWithin } from '../publishing.js';
import { sendJson } from '../send-json.js';
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
  const { messages, isArray, rules, bytes } = await takeIn(context, exchange, principal, channel);
  const message = onlyOne(messages, isArray);
  if (isDryRun(exchange)) {
    return answerDryRun(context, exchange, principal, { channel, messages, bytes });
  }
  const hold = holdTime(exchange, wait, principal, context.clock.now());
  const path = new HeldPath(context, exchange, principal, hold);
  const { giveBack, ...counted } = await countWithin(context, principal, channel, { bytes });
  const places = [{ principal, channels: [] }];
  try {
    takePlaces(context, places, 'request');
  } catch (error) {
    giveBack();
    throw error;
  }
  exchange.always(holdHeaders(path.time));
  const asker = new Asker(context, exchange, principal, channel, path);
  try {
    asker.hold = context.mediator.request(
      {
        owner: ownerOf(principal),
        channel,
        message,
        retention: retentionOf(rules),
        ...counted,
        waitMs: path.time.seconds * 1000,
        isCutShort: path.time.reason === 'path',
      },
      asker,
    );
  } catch (error) {
    giveBack();
    asker.release();
    throw error;
  }
  path.held();
  exchange.onEnd((isWhole) => (isWhole ? asker.written() : asker.gone()));
}

/** POST /v1/replies/{replyTo}: whoever was given the address may reply, once. */
export async function postReply(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  segment: string | undefined,
): Promise<void> {
  const address = addressIn(segment);
  const channel = 'reply:';
  const { messages, isArray, bytes } = await takeIn(context, exchange, principal, channel);
  if (isDryRun(exchange)) {
    return answerDryRun(context, exchange, principal, { channel, messages, bytes });
  }
  const stored = await reply(context, principal, address, onlyOne(messages, isArray), bytes);
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
    private readonly path: HeldPath,
  ) {}

  reply(message: Buffer, { id, position }: Published): void {
    this.settle();
    this.isAnswered = true;
    const request = JSON.stringify({ id, position });
    sendJson(this.exchange, 200, `{"reply":${message.toString('utf8')},"request":${request}}`);
  }

  refuse(problem: Problem): void {
    this.settle();
    this.exchange.refuse(problem);
  }

  /** The whole answer is on its way to the asker. */
  written(): void {
    const { context, principal, channel } = this;
    if (this.isAnswered) context.usage.deliveredReply(principal, channel);
  }

  gone(): void {
    if (this.isReleased) return;
    this.hold?.cancel();
    this.release();
    this.path.gone();
  }

  private settle(): void {
    this.release();
    this.path.answered();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    const places = [{ principal: this.principal, channels: [] }];
    leavePlaces(this.context, places, 'request');
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
    if (name === 'dryRun') continue;
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
