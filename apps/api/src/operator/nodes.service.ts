import { Inject, Injectable } from '@nestjs/common';
import { DeliveryHealth, type OperatorNodes } from '#contracts';
import { Database } from '#database';
import { ConfigFeed } from '../config-feed/config-feed.js';
import { Clock } from '../data/clock.js';
import { JobBook } from '../data/job-book.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { UsageService } from '../usage/usage.service.js';

/** The servers as their operator wants to see them. What does not answer is told, and fails nothing. */
@Injectable()
export class NodesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(ConfigFeed) private readonly feed: ConfigFeed,
    @Inject(UsageService) private readonly usage: UsageService,
    @Inject(JobBook) private readonly jobs: JobBook,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  async show(): Promise<OperatorNodes> {
    const now = this.clock.now();
    const [health, fault, usageUpTo, database] = await Promise.all([
      this.delivery.get('/internal/health', {}, DeliveryHealth).catch(() => null),
      this.delivery.fault(),
      this.usage.asOf(),
      this.database.health(),
    ]);
    const newest = this.feed.newest;
    return {
      asOf: new Date(now).toISOString(),
      api: {
        startedAt: new Date(now - Math.round(process.uptime() * 1000)).toISOString(),
        memoryBytes: process.memoryUsage.rss(),
        configVersion: newest,
        database: { ok: database.ok, fault: database.fault ?? null },
        usageUpTo,
        jobs: this.jobs.list().map(({ name, okAt, endedAt, fault }) => ({
          ...{ name, fault },
          lastRunAt: new Date(endedAt).toISOString(),
          lastSuccessAt: okAt === null ? null : new Date(okAt).toISOString(),
        })),
      },
      delivery: { ok: fault === null, fault },
      nodes: this.feed.nodes
        .list()
        .map(({ id, version, seenAt, isGone }) => ({
          id,
          lastSeenAt: new Date(seenAt).toISOString(),
          isGone,
          configVersion: version,
          behind: Math.max(0, (newest ?? version) - version),
          health: health?.id === id ? health : null,
        }))
        .reverse(),
    };
  }
}
