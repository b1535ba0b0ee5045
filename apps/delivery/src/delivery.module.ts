import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { LIMIT } from '#contracts';
import { AccessStore, Authenticator, internalIdentity, Secrets } from '#access';
import { EmbeddedEngine, Engine } from '#engine';
import { Limits, WholeQuota } from '#limits';
import { Mediator, Presence, systemClock } from '#mediator';
import { Redeliveries, UsageBook, UsageJournal } from '#metering';
import { createLogger, internalRequester, type Config, type Logger } from '#platform';
import { ActivityBook } from './activity/activity-book.js';
import { countingActivity } from './activity/counting-hooks.js';
import { ConfigFeed } from './config-feed.js';
import { PathHolds } from './edge/path-holds.js';
import { ReceivePlans } from './edge/receive-plan.js';
import { DeliveryMetrics } from './metrics.js';
import { RevocationWatch } from './revocation-watch.js';
import { Traces } from './trace/traces.js';
import { UsageFeed } from './usage/usage-feed.js';
import { UsageKeeper } from './usage/usage-keeper.js';
import { UsageMeter } from './usage/usage-meter.js';

export const LOGGER = Symbol('logger');

/** Wires the data plane: which engine, which secrets, which copy of the configuration. */
@Module({})
export class DeliveryModule {
  static with(config: Config): DynamicModule {
    return {
      module: DeliveryModule,
      providers: [
        { provide: LOGGER, useFactory: () => createLogger('delivery', config.logLevel) },
        { provide: Secrets, useFactory: () => Secrets.load(config) },
        DeliveryMetrics,
        { provide: AccessStore, useFactory: () => new AccessStore({ clock: systemClock }) },
        {
          provide: Authenticator,
          useFactory: (store: AccessStore, secrets: Secrets) =>
            new Authenticator({ store, pepper: secrets.derive('pepper'), clock: systemClock }),
          inject: [AccessStore, Secrets],
        },
        {
          provide: Engine,
          useFactory: (log: Logger) =>
            new EmbeddedEngine({
              directory: join(config.dataDir, 'log'),
              floorBytes: config.storageFloorBytes,
              clock: systemClock,
              log,
            }),
          inject: [LOGGER],
        },
        {
          provide: Mediator,
          useFactory: (
            engine: Engine,
            secrets: Secrets,
            metrics: DeliveryMetrics,
            activity: ActivityBook,
          ) =>
            new Mediator({
              engine,
              clock: systemClock,
              cursorSecret: secrets.derive('cursor'),
              newId: idMaker(),
              hooks: countingActivity(metrics.hooks(), activity),
            }),
          inject: [Engine, Secrets, DeliveryMetrics, ActivityBook],
        },
        {
          provide: ActivityBook,
          useFactory: (engine: Engine, limits: Limits) =>
            new ActivityBook({
              clock: systemClock,
              node: () => engine.node,
              holds: () => limits.holds.byApp(),
            }),
          inject: [Engine, Limits],
        },
        {
          provide: Presence,
          useFactory: (engine: Engine) =>
            new Presence({ engine, clock: systemClock, newId: idMaker() }),
          inject: [Engine],
        },
        {
          provide: ConfigFeed,
          useFactory: (store: AccessStore, secrets: Secrets, log: Logger) =>
            new ConfigFeed({
              url: config.internalApiUrl,
              request: internalRequester(
                config.tls,
                internalIdentity(secrets),
                config.isInternalApiOurs,
              ),
              secrets,
              store,
              cacheFile: join(config.dataDir, 'config.cache'),
              log,
            }),
          inject: [AccessStore, Secrets, LOGGER],
        },
        {
          provide: RevocationWatch,
          useFactory: (store: AccessStore, mediator: Mediator, presence: Presence) =>
            new RevocationWatch({ store, mediator, presence, clock: systemClock }),
          inject: [AccessStore, Mediator, Presence],
        },
        { provide: UsageBook, useFactory: () => new UsageBook() },
        {
          provide: Redeliveries,
          useFactory: async (journal: UsageJournal) => {
            const redeliveries = new Redeliveries();
            redeliveries.recall(await journal.recentlySeen());
            return redeliveries;
          },
          inject: [UsageJournal],
        },
        {
          provide: UsageMeter,
          useFactory: (book: UsageBook, redeliveries: Redeliveries) =>
            new UsageMeter(book, redeliveries, systemClock),
          inject: [UsageBook, Redeliveries],
        },
        {
          provide: UsageJournal,
          useFactory: (engine: Engine, log: Logger) =>
            UsageJournal.open({
              directory: join(config.dataDir, 'usage'),
              node: engine.node,
              warn: (text) => log.warn(text),
            }),
          inject: [Engine, LOGGER],
        },
        {
          provide: UsageKeeper,
          useFactory: (
            book: UsageBook,
            redeliveries: Redeliveries,
            journal: UsageJournal,
            log: Logger,
          ) => new UsageKeeper({ book, redeliveries, journal, clock: systemClock, log }),
          inject: [UsageBook, Redeliveries, UsageJournal, LOGGER],
        },
        {
          provide: UsageFeed,
          useFactory: (engine: Engine, journal: UsageJournal, keeper: UsageKeeper) =>
            new UsageFeed({ engine, journal, keeper }),
          inject: [Engine, UsageJournal, UsageKeeper],
        },
        {
          provide: Limits,
          useFactory: (engine: Engine) =>
            new Limits({
              clock: systemClock,
              slices: new WholeQuota({ read: (name) => engine.counted(name) }),
              maxHolds: config.maxHolds,
            }),
          inject: [Engine],
        },
        { provide: Traces, useFactory: () => new Traces(systemClock) },
        { provide: PathHolds, useFactory: () => new PathHolds(LIMIT.holdMaxSeconds * 1000) },
        ReceivePlans,
      ],
    };
  }
}

/** Ids for messages and tokens that bring none: unique over restarts and nodes, and cheap. */
export function idMaker(): () => string {
  const boot = randomBytes(9).toString('base64url');
  let next = 0;
  return () => `${boot}-${(next++).toString(36)}`;
}
