import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { DELIVERY_ROUTES } from '#contracts';
import { AccessStore, Authenticator, internalIdentity, Secrets } from '#access';
import { Engine } from '#engine';
import { Limits } from '#limits';
import { Mediator, Presence, systemClock } from '#mediator';
import {
  announceReady,
  drainOnSignal,
  failStart,
  installProblems,
  loadConfig,
  registerServicePages,
  type Config,
  type HealthCheck,
  type Logger,
} from '#platform';
import { ActivityBook } from './activity/activity-book.js';
import { ConfigFeed } from './config-feed.js';
import { DeliveryModule, idMaker, LOGGER } from './delivery.module.js';
import { LinkBook } from './edge/direct/link-book.js';
import { NodeExchange, type ExchangeHost } from './edge/exchange.js';
import { PathHolds } from './edge/path-holds.js';
import { ReceivePlans } from './edge/receive-plan.js';
import { EdgeRouter } from './edge/router.js';
import { StreamTable } from './edge/stream/stream-table.js';
import { takeUpgrades } from './edge/stream/ws/upgrade.js';
import { createFrontedServer } from './http-server.js';
import { registerInternalRoutes } from './internal/internal-routes.js';
import { internalTable } from './internal/table.js';
import { KeyUseBook } from './key-use/key-use-book.js';
import { DeliveryMetrics } from './metrics.js';
import { registerPages } from './pages.js';
import { RefusalLog } from './refusal-log.js';
import { RevocationWatch } from './revocation-watch.js';
import { Traces } from './trace/traces.js';
import { UsageFeed } from './usage/usage-feed.js';
import { UsageKeeper } from './usage/usage-keeper.js';
import { UsageMeter } from './usage/usage-meter.js';

/** Connections that may wait to be accepted: a reconnect storm comes all at once. */
const BACKLOG = 8192;
const DRAIN_DEADLINE_MS = 8_000;

async function start(config: Config): Promise<void> {
  const nest = await NestFactory.createApplicationContext(DeliveryModule.with(config), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const log = nest.get<Logger>(LOGGER);
  const engine = nest.get(Engine);
  const mediator = nest.get(Mediator);
  const presence = nest.get(Presence);
  const feed = nest.get(ConfigFeed);
  const metrics = nest.get(DeliveryMetrics);
  const activity = nest.get(ActivityBook);
  const docs = `${config.deliveryUrl}/docs`;
  const refusals = new RefusalLog(log, systemClock);
  let isOpen = false;

  await engine.start();
  const host: ExchangeHost = {
    docs,
    proxies: config.proxies,
    draining: false,
    refused: (problem, requestId, app) => {
      metrics.refused(problem);
      if (app !== null) activity.refused(app, problem.code);
      refusals.note(problem, requestId);
    },
  };
  const keyUse = new KeyUseBook(systemClock);
  const streams = new StreamTable(nest.get(AccessStore), systemClock);
  const router = new EdgeRouter(
    {
      authenticator: nest.get(Authenticator),
      store: nest.get(AccessStore),
      mediator,
      presence,
      links: new LinkBook(mediator, systemClock),
      limits: nest.get(Limits),
      usage: nest.get(UsageMeter),
      keyUse,
      traces: nest.get(Traces),
      plans: nest.get(ReceivePlans),
      streams,
      paths: nest.get(PathHolds),
      clock: systemClock,
      newId: idMaker(),
      isConfigured: () => feed.isReady,
    },
    () => host.draining,
  );
  const { fastify, server, endConnections } = createFrontedServer(
    config.tls,
    internalIdentity(nest.get(Secrets)),
    host,
    (req, res) => router.handle(new NodeExchange(req, res, host)),
  );

  metrics.gauge('holdline_holds', 'Requests now held.', () => mediator.holdCount());
  metrics.gauge(
    'holdline_paths',
    'Paths that cut a held request lately.',
    () => nest.get(PathHolds).size,
  );
  metrics.gauge('holdline_channels', 'Channels that somebody is receiving from.', () =>
    mediator.channelCount(),
  );
  server.on(
    'upgrade',
    takeUpgrades(host, (exchange) => router.handle(exchange)),
  );
  metrics.gauge('holdline_streams', 'Event streams and WebSockets now open.', () => streams.size);
  metrics.gauge('holdline_presence_members', 'Members present over all channels.', () =>
    presence.memberCount(),
  );
  installProblems(fastify, { docs, log });
  const checks: Record<string, HealthCheck> = {
    start: () => (isOpen ? null : 'It has just started.'),
    log: () => engine.health().fault ?? null,
    config: () =>
      feed.isReady
        ? null
        : 'No configuration has arrived from the control plane yet. Is api running?',
  };
  await registerServicePages(fastify, {
    title: 'Holdline delivery',
    description: 'Publish, receive over held requests, page through history, make client tokens.',
    url: config.deliveryUrl,
    routes: Object.values(DELIVERY_ROUTES),
    metrics: metrics.registry,
    draining: () => host.draining,
    checks,
  });
  await registerPages(fastify);
  await registerInternalRoutes(
    fastify,
    nest.get(Secrets).derive('internal').toString('hex'),
    internalTable({
      engine,
      mediator,
      presence,
      usage: nest.get(UsageFeed),
      activity,
      traces: nest.get(Traces),
      keyUse,
      configNode: feed.node,
      streams: () => streams.size,
      checks,
      draining: () => host.draining,
      limits: nest.get(Limits),
      store: nest.get(AccessStore),
      authenticator: nest.get(Authenticator),
      clock: systemClock,
    }),
  );
  nest.get(RevocationWatch);
  feed.start();
  await fastify.listen({ host: config.host, port: config.deliveryPort, backlog: BACKLOG });
  log.debug({ url: config.deliveryUrl }, 'delivery listens');
  await announceReady();
  isOpen = true;

  drainOnSignal({
    log,
    deadlineMs: DRAIN_DEADLINE_MS,
    drain: async () => {
      host.draining = true;
      nest.get(RevocationWatch).stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      streams.drain();
      mediator.drain();
      const stopped = feed.stop();
      await engine.drain();
      // Answers on their way get a moment; connections without a request have nothing to wait for.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);
      clearInterval(sweep);
      endConnections();
      await stopped;
      presence.close();
      mediator.close();
      activity.close();
      await nest.get(UsageKeeper).close();
      await nest.close();
    },
  });
}

const config = (() => {
  try {
    return loadConfig(process.env);
  } catch (error) {
    return failStart(error, { variable: 'DELIVERY_PORT', value: 0 });
  }
})();
start(config).catch((error: unknown) =>
  failStart(error, { variable: 'DELIVERY_PORT', value: config.deliveryPort }),
);
