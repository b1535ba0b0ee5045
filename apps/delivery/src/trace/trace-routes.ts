import { Problem, type TraceAnswer, type TraceOn } from '#contracts';
import type { AccessStore } from '#access';
import type { Engine } from '#engine';
import { z } from 'zod';
import { internalRoute, type InternalRoute } from '../internal/internal-routes.js';
import type { ChannelTrace } from './channel-trace.js';
import { factsOf, type FoundMessage } from './message-facts.js';
import type { Traces } from './traces.js';

export interface TraceParts {
  readonly traces: Traces;
  readonly store: AccessStore;
  readonly engine: Engine;
}

const Channel = z.object({ app: z.string().min(1), channel: z.string().min(1) });
const Message = Channel.extend({ position: z.coerce.number().int().min(1) });

/** How the control plane lets a channel be traced, and shows what became of a message. */
export function traceRoutes({ traces, store, engine }: TraceParts): readonly InternalRoute[] {
  return [
    internalRoute({
      method: 'POST',
      path: '/internal/trace',
      input: Channel,
      answer: async ({ app, channel }): Promise<TraceOn> => {
        const tenant = store.app(app)?.tenantId;
        if (tenant === undefined) throw unknownApp();
        const trace = traces.start(tenant, app, channel);
        if (trace.blindTo === Infinity) {
          trace.blindTo = (await engine.tail({ app, name: channel })).last;
        }
        return { channel, ...spanOf(trace) };
      },
    }),
    internalRoute({
      method: 'GET',
      path: '/internal/trace',
      input: Message,
      answer: async ({ app, channel, position }): Promise<TraceAnswer> => {
        const found = await factsOf(engine, { app, name: channel }, position);
        const trace = traces.find(app, channel);
        return found
          ? told(found, trace, channel, engine.node)
          : { channel, message: null, trace: null, receivers: [], because: '' };
      },
    }),
  ];
}

function told(
  { facts, storedAt }: FoundMessage,
  trace: ChannelTrace | null,
  channel: string,
  node: string,
): TraceAnswer {
  const receivers = trace?.receiversOf(facts.position, storedAt) ?? [];
  const complete = trace?.isCompleteFor(facts.position) ?? false;
  return {
    channel,
    message: facts,
    trace: trace && { ...spanOf(trace), complete },
    receivers: receivers.map(({ at, outcomeAt, ...one }) => ({
      ...one,
      node,
      at: new Date(at).toISOString(),
      outcomeAt: new Date(outcomeAt).toISOString(),
    })),
    because: because(trace, receivers.length, complete, facts.position),
  };
}

function because(
  trace: ChannelTrace | null,
  receivers: number,
  complete: boolean,
  position: number,
): string {
  if (!trace) {
    return 'The channel is not traced, so that who received this message is not known. Trace the channel and publish again.';
  }
  if (trace.blindTo >= position) {
    return 'Tracing began after this message was stored: who received it before is not known.';
  }
  if (!complete) {
    return 'More receivers were handed messages of this channel since than are kept: the oldest are missing.';
  }
  return receivers === 0
    ? 'Nobody was receiving the channel, and nobody has read on from before this message since.'
    : 'These are all who were handed this message, or left shortly before it.';
}

function spanOf({ since, until }: ChannelTrace) {
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}

function unknownApp(): Problem {
  return new Problem(
    'unavailable',
    'The delivery server does not know this app yet. Try again in a moment.',
    { retryAfter: 1 },
  );
}
