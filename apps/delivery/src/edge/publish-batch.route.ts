import { BatchMessage, LIMIT, type NamespaceRules, Problem, type PublishMessage } from '#contracts';
import { requireCapability, type Principal } from '#access';
import { checkBatch } from '#limits';
import { z } from 'zod';
import type { EdgeContext } from './context.js';
import { isDryRun, rehearse, shownState } from './dry-run.js';
import type { Exchange, ReportedProblem } from './exchange.js';
import { asProblem, schemaProblem } from './faults.js';
import { parseJson } from './json-body.js';
import {
  checkPublisher,
  checkSizes,
  mediaType,
  orderOf,
  refuseEncodedBody,
  toWire,
} from './publish.route.js';
import { foresee, limitHeaders, publishWithin } from './publishing.js';
import { sendJson } from './send-json.js';

/** The frame only: each message is judged by itself, so that one bad message refuses its channel alone. */
const Frame = z.strictObject({ messages: z.array(z.unknown()).min(1).max(LIMIT.publishBatch) });

type Result =
  | (ReturnType<typeof toWire> & { status: 201; channel: string })
  | (ReportedProblem & { channel?: string });

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
  foresee(context, principal, null);
  refuseEncodedBody(exchange);
  if (mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      'A batch is JSON: send it with Content-Type: application/json.',
    );
  }
  const body = await exchange.body(principal.limits.body_bytes ?? LIMIT.bodyBytes);
  const frame = Frame.safeParse(parseJson(body));
  if (!frame.success) throw schemaProblem('invalid_request', frame.error, 'The batch is not valid');

  const total = frame.data.messages.length;
  checkBatch(principal, total);
  const results = new Array<Result>(total);
  const groups = groupByChannel(frame.data.messages, results, exchange);
  // Each message's part of the body is taken to be the same: it was one transfer.
  const bytesOf = (group: ChannelGroup) => Math.ceil((body.length * group.indexes.length) / total);
  if (isDryRun(exchange)) {
    const intended = { groups, results, bytesOf };
    return rehearseBatch(context, exchange, principal, intended);
  }
  await Promise.all(
    [...groups].map(async ([channel, group]) => {
      try {
        await publishGroup(context, principal, channel, group, results, bytesOf(group));
      } catch (error) {
        const document = exchange.report(asProblem(error, 'This message could not be stored.'));
        for (const index of group.indexes) results[index] = { ...document, channel };
      }
    }),
  );
  const headers = limitHeaders(context, principal, null);
  if (headers.length > 0) exchange.always(headers);
  sendJson(exchange, 207, JSON.stringify({ results }));
}

/** One channel after the other, each as if those before it had been published. */
async function rehearseBatch(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  {
    groups,
    results,
    bytesOf,
  }: {
    groups: ReadonlyMap<string, ChannelGroup>;
    results: Result[];
    bytesOf: (group: ChannelGroup) => number;
  },
): Promise<void> {
  const before = { messages: 0, bytes: 0 };
  for (const [channel, group] of groups) {
    try {
      checkGroup(context, principal, channel, group);
      const { messages } = group;
      const bytes = bytesOf(group);
      await rehearse(context, principal, { channel, messages, bytes }, before);
      before.messages += messages.length;
      before.bytes += bytes;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const document = exchange.report(error);
      for (const index of group.indexes) results[index] = { ...document, channel };
    }
  }
  const limits = context.limits.publishes.states(principal, null).map(shownState);
  const problems = results.flatMap((result, index) => (result ? [{ index, ...result }] : []));
  const shown = { dryRun: true, wouldPublish: before.messages, limits, problems };
  sendJson(exchange, 200, JSON.stringify(shown));
}

function groupByChannel(
  items: readonly unknown[],
  results: Result[],
  exchange: Exchange,
): Map<string, ChannelGroup> {
  const groups = new Map<string, ChannelGroup>();
  items.forEach((item, index) => {
    const parsed = BatchMessage.safeParse(item);
    const channel = parsed.success ? parsed.data.channel : channelOf(item);
    if (channel === null) {
      results[index] = exchange.report(faultOf(parsed.error as z.ZodError, index));
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

/** @throws Problem why nothing of the group can be published */
function checkGroup(
  context: EdgeContext,
  principal: Principal,
  channel: string,
  { fault, messages }: ChannelGroup,
): NamespaceRules {
  if (fault) throw fault;
  requireCapability(principal, 'publish', channel);
  const rules = context.store.rules(principal.appId, channel);
  checkPublisher(principal, rules, channel);
  checkSizes(principal, messages, Infinity, rules);
  return rules;
}

async function publishGroup(
  context: EdgeContext,
  principal: Principal,
  channel: string,
  group: ChannelGroup,
  results: Result[],
  bytes: number,
): Promise<void> {
  const rules = checkGroup(context, principal, channel, group);
  const order = orderOf(principal, channel, group.messages, rules);
  const outcome = await publishWithin(context, principal, order, { bytes });
  outcome.messages.forEach((message, i) => {
    results[group.indexes[i] as number] = { status: 201, channel, ...toWire(message) };
  });
}
