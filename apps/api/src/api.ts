import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { StripeAdapter } from '#billing';
import { CONTROL_ROUTES } from '#contracts';
import { guardHttp2, HTTP2_LIMITS, registerServicePages } from '#platform';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { ActivityCollector } from './activity/activity-collector.js';
import { ApiModule, type ApiParts } from './api.module.js';
import { BillingWorker } from './billing/billing-worker.js';
import { PlanSeed } from './billing/plan-seed.js';
import { ConfigFeed } from './config-feed/config-feed.js';
import { registerDashboard } from './dashboard/dashboard-pages.js';
import { DemoSeed } from './demo/demo-seed.js';
import { DeclaredOperatorSeed } from './operator/staff/declared-operator-seed.js';
import { BODY_BYTES, earlyRefusals, prepareFastify } from './http/fastify.js';
import { ProblemFilter } from './http/problem.filter.js';
import { validationPipe } from './http/validation.js';
import { KeyUseCollector } from './keys/key-use-collector.js';
import { NestLog } from './nest-log.js';
import { WebhookRunner } from './webhooks/webhook-runner.js';
import { registerStripeMetrics } from './stripe/stripe-metrics.js';
import { StripeConnection } from './stripe/stripe-connection.js';
import { StripeService } from './stripe/stripe.service.js';
import { UsageCollector } from './usage/usage-collector.js';

/** Milliseconds after which HTTP/2 connections are ended whatever they carry. */
const END_MS = 3_000;
const TIMEOUTS = {
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

export interface ApiOptions extends ApiParts {
  readonly proxies: number;
  /** The folder of the built dashboard; null: none is served. */
  readonly dashboard: string | null;
  /** PEM texts; null: plain HTTP. */
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    /** What client certificates must come from; null: clients show none. */
    readonly clientCas: readonly string[] | null;
  } | null;
}

export interface Api {
  readonly app: NestFastifyApplication;
  /** Makes the demo tenant on the first start of all. @throws when the database is away: try again */
  seed(): Promise<void>;
  /** From now on /readyz says that it serves. */
  open(): void;
  /** Begins what goes on in the background: usage is collected from delivery. */
  work(): void;
  /** Answers what is held, lets what runs end, refuses what is new. */
  drain(): Promise<void>;
}

/** The control plane, ready to listen (or to be asked in process by a test). */
export async function createApi(options: ApiOptions): Promise<Api> {
  const { database, settings, log } = options;
  const docs = `${settings.apiUrl}/docs`;
  let draining = false;
  let isOpen = false;
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES,
    // A whole request within 30 s, its headers within 15: slow senders do not pile up. Holding an answer
    // back (the configuration feed) is not measured by either.
    requestTimeout: TIMEOUTS.requestTimeout,
    http: {
      headersTimeout: TIMEOUTS.headersTimeout,
      connectionsCheckingInterval: TIMEOUTS.connectionsCheckingInterval,
    },
    trustProxy: options.proxies > 0 && ((_address: string, hop: number) => hop < options.proxies),
    return503OnClosing: false,
    ...earlyRefusals(docs),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 400 },
    ...tlsOptions(options.tls),
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const fastify = adapter.getInstance<FastifyInstance>();
  await prepareFastify(fastify, {
    draining: () => draining,
    secure: settings.secure,
    proxies: options.proxies,
  });

  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.with(options), adapter, {
    bodyParser: false,
    logger: new NestLog(log),
    abortOnError: false,
  });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(docs, log));

  const feed = app.get(ConfigFeed);
  const webhooks = app.get(WebhookRunner);
  const stripe = app.get(StripeService);
  if (options.dashboard !== null) {
    await registerDashboard(fastify, {
      folder: options.dashboard,
      deliveryUrl: settings.deliveryUrl,
      deliveryFault: () => options.delivery.fault(),
    });
  }
  await registerServicePages(fastify, {
    title: 'Holdline control plane',
    description:
      'Tenants, apps, keys, namespaces, members and revocations. Messages go through the delivery server.',
    url: settings.apiUrl,
    routes: Object.values(CONTROL_ROUTES),
    checks: {
      start: () => (isOpen ? null : 'It has just started and is still being set up.'),
      database: async () => {
        const { ok, fault } = await database.health();
        return ok ? null : (fault ?? 'PostgreSQL cannot be reached');
      },
    },
    metrics: metricsOf(fastify, feed, app.get(StripeConnection).adapter),
    draining: () => draining,
  });
  const endSessions = guardHttp2(fastify.server);
  await app.init();
  await fastify.ready();
  feed.start();

  return {
    app,
    seed: async () => {
      await app.get(PlanSeed).run();
      await app.get(DemoSeed).run();
      await app.get(DeclaredOperatorSeed).run();
    },
    open: () => {
      isOpen = true;
      webhooks.start();
    },
    work: () => {
      app.get(UsageCollector).start();
      app.get(ActivityCollector).start();
      app.get(KeyUseCollector).start();
      app.get(BillingWorker).start();
      stripe.jobs?.start();
    },
    drain: async () => {
      draining = true;
      feed.close();
      await webhooks.stop();
      await stripe.jobs?.stop();
      // What is under way gets a moment to be answered.
      const late = setTimeout(endSessions, END_MS);
      await Promise.all([
        app.get(UsageCollector).close(),
        app.get(ActivityCollector).close(),
        app.get(KeyUseCollector).close(),
        app.get(BillingWorker).close(),
      ]);
      await app.close();
      clearTimeout(late);
      await database.close();
    },
  };
}

function tlsOptions(tls: ApiOptions['tls']): object {
  if (!tls) return {};
  const { cert, key, clientCas } = tls;
  const client =
    clientCas === null ? {} : { ca: clientCas, requestCert: true, rejectUnauthorized: true };
  return {
    http2: true,
    https: { ...TIMEOUTS, ...HTTP2_LIMITS, allowHTTP1: true, cert, key, ...client },
  };
}

function metricsOf(
  fastify: FastifyInstance,
  feed: ConfigFeed,
  stripe: StripeAdapter | null,
): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'holdline_api_request_seconds',
    help: 'How long requests took, by route (never by path: a path holds ids).',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 30],
    registers: [registry],
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    requests.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    );
  });
  new Gauge({
    name: 'holdline_api_config_holds',
    help: 'Delivery nodes that wait for a change of configuration.',
    registers: [registry],
    collect() {
      this.set(feed.holds);
    },
  });
  if (stripe) registerStripeMetrics(registry, stripe);
  return registry;
}
