import type { DeliveryHealth } from '#contracts';
import type { Engine } from '#engine';
import type { Clock, Mediator, Presence } from '#mediator';
import { readiness, type HealthCheck } from '#platform';
import { z } from 'zod';
import { internalRoute } from './internal-routes.js';

export interface HealthParts {
  readonly engine: Engine;
  readonly mediator: Mediator;
  readonly presence: Presence;
  /** As this server calls itself when it asks for its configuration. */
  readonly configNode: string;
  readonly streams: () => number;
  /** As /readyz has them. */
  readonly checks: Record<string, HealthCheck>;
  readonly draining: () => boolean;
  readonly clock: Clock;
}

/** How this server is, for the people who run it. */
export const healthRoute = (parts: HealthParts) => {
  const { engine, mediator, presence, configNode, streams, checks, draining, clock } = parts;
  const startedAt = clock.now() - Math.round(process.uptime() * 1000);
  return internalRoute({
    method: 'GET',
    path: '/internal/health',
    input: z.object({}),
    answer: async (): Promise<DeliveryHealth> => {
      const { ok, fault = null } = engine.health();
      const began = performance.now();
      const position = await engine.positionBefore(Number.MAX_SAFE_INTEGER);
      const { epoch } = await engine.journal(position, 1);
      const readMs = hundredths(performance.now() - began);
      const { commitMs, ...disk } = await engine.figures();
      const needed = Object.entries((await readiness(checks)).parts);
      return {
        id: configNode,
        node: engine.node,
        startedAt,
        parts: needed.map(([name, part]) => ({ name, ok: part.ok, fault: part.fault ?? null })),
        draining: draining(),
        memoryBytes: process.memoryUsage.rss(),
        holds: mediator.holdCount(),
        streams: streams(),
        channels: mediator.channelCount(),
        present: presence.memberCount(),
        engine: {
          ...{ ok, fault, ack: engine.capabilities.ack, epoch, position },
          ...{ readMs, commitMs: commitMs === null ? null : hundredths(commitMs), ...disk },
        },
      };
    },
  });
};

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
