import { Inject, Injectable } from '@nestjs/common';
import {
  ACTIVITY_STEP_MS,
  ACTIVITY_WINDOWS,
  addCounts,
  NO_COUNTS,
  RecentActivity,
  type Activity,
  type ActivityCounts,
  type ActivityQuery,
} from '#contracts';
import { Database, type Tx } from '#database';
import { requireApp } from '../apps/apps.service.js';
import { Clock } from '../data/clock.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { usageRows } from '../usage/usage-rows.js';
import { activityRows } from './activity-rows.js';
import { ActivityStore } from './activity-store.js';
import { percentile } from './latency.js';

const AWAY =
  'The delivery server cannot be reached now, so that what happened since `asOf` is missing.';

type Steps = Map<number, ActivityCounts>;

/** Shows tenants what happened lately, as a chart draws it. */
@Injectable()
export class ActivityService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeliveryClient) private readonly delivery: DeliveryClient,
    @Inject(ActivityStore) private readonly store: ActivityStore,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** @throws Problem not_found for an app of somebody else */
  async show(tenantId: string, { window, app }: ActivityQuery): Promise<Activity> {
    const { seconds, step } = ACTIVITY_WINDOWS[window];
    const stepMs = step * 1000;
    // Delivery counts by the world's time.
    const now = this.clock.now() - this.clock.movedMs;
    const to = Math.floor(now / stepMs) * stepMs + stepMs;
    const from = to - seconds * 1000;
    const range = { stepSeconds: step, from, to, app };
    const found = await this.database.withTenant(tenantId, async (tx) => {
      if (app !== undefined) await requireApp(tx, app);
      const steps = await activityRows(tx, range);
      return window === '30d' ? await withUsage(tx, steps, range) : steps;
    });
    let asOf = (await this.store.newestMark())?.through ?? null;
    const recent = window === '1h' ? await this.recent(tenantId, app) : undefined;
    if (recent) {
      asOf = recent.asOf;
      // What delivery still has is newer than what was stored, and has all of it.
      for (const at of [...found.keys()]) if (at >= recent.from) found.delete(at);
      for (const { at, ...counts } of recent.buckets) found.set(at, counts);
    }
    return {
      window,
      stepSeconds: step,
      from: new Date(from).toISOString(),
      asOf: asOf === null ? null : new Date(asOf).toISOString(),
      series: seriesOf(found, { from, to, stepMs, asOf: asOf ?? to }),
      ...(recent === null ? { note: AWAY } : {}),
    };
  }

  /** null while delivery is away. */
  private async recent(tenant: string, app: string | undefined): Promise<RecentActivity | null> {
    try {
      return await this.delivery.get('/internal/activity/recent', { tenant, app }, RecentActivity);
    } catch {
      return null;
    }
  }
}

/** By the hour, what was published and delivered is what the bill says. */
async function withUsage(
  tx: Tx,
  steps: Steps,
  { from, to, app }: { from: number; to: number; app: string | undefined },
): Promise<Steps> {
  const rows = await usageRows(tx, {
    ...{ from, to, app },
    granularity: 'hour',
    groups: [],
    limit: 10_000,
  });
  const counted: Steps = new Map(
    [...steps].map(([at, counts]) => [at, { ...counts, published: 0, delivered: 0 }]),
  );
  const note = (at: number, more: Partial<ActivityCounts>) =>
    counted.set(at, addCounts(counted.get(at) ?? NO_COUNTS, { ...NO_COUNTS, ...more }));
  for (const { bucket, meter, units } of rows) {
    if (meter === 'messages_delivered') note(bucket.getTime(), { delivered: Number(units) });
    if (meter === 'messages_published' || meter === 'direct_messages')
      note(bucket.getTime(), { published: Number(units) });
  }
  return counted;
}

function seriesOf(
  found: Steps,
  { from, to, stepMs, asOf }: { from: number; to: number; stepMs: number; asOf: number },
): Activity['series'] {
  const steps: ActivityCounts[] = [];
  const holds: number[] = [];
  for (let at = from; at < to; at += stepMs) {
    const counts = found.get(at) ?? NO_COUNTS;
    steps.push(counts);
    const ended = Math.min(stepMs, Math.max(ACTIVITY_STEP_MS, asOf - at));
    const samples = Math.floor(ended / ACTIVITY_STEP_MS);
    holds.push(Math.round((counts.holds / samples) * 10) / 10);
  }
  const codes = [...new Set(steps.flatMap(({ errors }) => Object.keys(errors)))].sort();
  return {
    published: steps.map(({ published }) => published),
    delivered: steps.map(({ delivered }) => delivered),
    holds,
    latencyP50Ms: steps.map(({ latency }) => percentile(latency, 0.5)),
    latencyP99Ms: steps.map(({ latency }) => percentile(latency, 0.99)),
    errors: Object.fromEntries(
      codes.map((code) => [code, steps.map(({ errors }) => errors[code] ?? 0)]),
    ),
  };
}
