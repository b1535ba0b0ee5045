import {
  BatchMessage,
  LIMIT,
  Problem,
  type ProblemDocument,
  type PublishMessage,
} from '#contracts';
import { requireCapability, type Principal } from '#access';
import { z } from 'zod';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { schemaProblem } from './faults.js';
import { parseJson } from './json-body.js';
import {
  checkPublisher,
  checkSizes,
  mediaType,
  refuseEncodedBody,
  retentionOf,
  sendJson,
  toWire,
} from './publish.route.js';

/** The frame only: each message is judged by itself, so that one bad message refuses its channel alone. */
const Frame = z.strictObject({ messages: z.array(z.unknown()).min(1).max(LIMIT.publishBatch) });

type Result =
  | (ReturnType<typeof toWire> & { status: 201; channel: string })
  | (ProblemDocument & { channel?: string });

interface ChannelGroup {
  readonly indexes: number[];
  readonly messages: PublishMessage[];
  fault: Problem | null;
}

/** POST /v1/messages: up to 1000 messages to many channels, atomic per channel, one result for each. */
export async function publishBatch(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
): Promise<void> {
  const { docs } = context;
  refuseEncodedBody(exchange);
  if (mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      'A batch is JSON: send it with Content-Type: application/json.',
    );
  }
  const frame = Frame.safeParse(parseJson(await exchange.body(LIMIT.bodyBytes)));
  if (!frame.success) throw schemaProblem('invalid_request', frame.error, 'The batch is not valid');

  const results = new Array<Result>(frame.data.messages.length);
  const groups = groupByChannel(frame.data.messages, results, docs);
  await Promise.all(
    [...groups].map(async ([channel, group]) => {
      try {
        await publishGroup(context, principal, channel, group, results);
      } catch (error) {
        const problem =
          error instanceof Problem
            ? error
            : new Problem('internal', 'This message could not be stored.', {}, error);
        for (const index of group.indexes)
          results[index] = { ...problem.toDocument(docs), channel };
      }
    }),
  );
  sendJson(exchange, 207, JSON.stringify({ results }));
}

function groupByChannel(
  items: readonly unknown[],
  results: Result[],
  docs: string,
): Map<string, ChannelGroup> {
  const groups = new Map<string, ChannelGroup>();
  items.forEach((item, index) => {
    const parsed = BatchMessage.safeParse(item);
    const channel = parsed.success ? parsed.data.channel : channelOf(item);
    if (channel === null) {
      results[index] = faultOf(parsed.error as z.ZodError, index).toDocument(docs);
      return;
    }
    const group = groups.get(channel) ?? { indexes: [], messages: [], fault: null };
    groups.set(channel, group);
    group.indexes.push(index);
    if (parsed.success) {
      const { channel: _grouped, ...message } = parsed.data;
      group.messages.push(message);
    } else {
      group.fault ??= faultOf(parsed.error, index);
    }
  });
  return groups;
}

function faultOf(error: z.ZodError, index: number): Problem {
  return schemaProblem(
    'invalid_message',
    error,
    `Message ${index + 1} is not valid`,
    `/messages/${index}`,
  );
}

/** The channel that a bad message was meant for, when that much can be read. */
function channelOf(item: unknown): string | null {
  const parsed = BatchMessage.shape.channel.safeParse(
    (item as { channel?: unknown } | null)?.channel,
  );
  return parsed.success ? parsed.data : null;
}

async function publishGroup(
  context: EdgeContext,
  principal: Principal,
  channel: string,
  group: ChannelGroup,
  results: Result[],
): Promise<void> {
  if (group.fault) throw group.fault;
  requireCapability(principal, 'publish', channel);
  const rules = context.store.rules(principal.appId, channel);
  checkPublisher(principal, rules, channel);
  checkSizes(group.messages, rules.maxMessageBytes);
  context.publishRate.take(principal, group.messages.length);
  const outcome = await context.mediator.publish({
    app: principal.appId,
    channel,
    clientId: principal.clientId,
    label: principal.keyId,
    messages: group.messages,
    retention: retentionOf(rules),
  });
  outcome.messages.forEach((message, i) => {
    results[group.indexes[i] as number] = { status: 201, channel, ...toWire(message) };
  });
}
