import { Occupied } from '#contracts';
import type { Database, Tx } from '#database';
import { noteEvents, type EventNote } from '#webhooks';
import type { DeliveryClient } from '../delivery/delivery-client.js';
import { channelWants, type ChannelWant } from './channel-wants.js';
import { PacedLoop } from '../data/paced-loop.js';

/** Milliseconds between two looks: how late a channel is said to be occupied. */
const EVERY_MS = 2_000;
/** A pause between two polls is no leaving. */
const GRACE_MS = 15_000;
const BATCH = 500;
const TX = { timeoutMs: 10_000 };

export interface OccupancyWatchParts {
  readonly database: Database;
  readonly delivery: DeliveryClient;
  readonly now: () => number;
  readonly fault: (error: unknown, what: string) => void;
}

/**
 * Notices when somebody begins to receive from a channel that nobody received from, and when nobody does
 * any more. What endpoints were told stands in the database, and changes with the event that tells it:
 * neither a restart of delivery nor one of the control plane makes one twice or leaves one out.
 */
export class OccupancyWatch {
  private readonly loop: PacedLoop;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: OccupancyWatchParts) {
    this.loop = new PacedLoop({
      step: () => this.step(),
      idleMs: EVERY_MS,
      fault: (error) => parts.fault(error, 'who receives from which channel is not known'),
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  async step(): Promise<false> {
    const { database, delivery } = this.parts;
    const wants = await database.asSystem((tx) =>
      channelWants(tx, ['channel.occupied', 'channel.vacated']),
    );
    if (wants.length === 0) return false;
    const apps: Record<string, string[]> = {};
    for (const { appId, channels } of wants) (apps[appId] ??= []).push(...channels);
    // Delivery away: nobody knows, so nothing is said.
    const seen = await delivery.post('/internal/occupied', { apps }, Occupied);
    await database.asSystem((tx) => this.note(tx, wants, seen), TX);
    this.lookedAt = this.parts.now();
    return false;
  }

  private async note(tx: Tx, wants: readonly ChannelWant[], seen: Occupied): Promise<void> {
    const tenantOf = new Map(wants.map(({ appId, tenantId }) => [appId, tenantId]));
    const at = new Date(this.parts.now());
    const rows = Object.entries(seen.apps).flatMap(([app_id, channels]) =>
      channels.map((channel) => ({ app_id, tenant_id: tenantOf.get(app_id), channel })),
    );
    // After a time in which nobody looked, whoever was there gets the grace anew.
    if (at.getTime() - this.lookedAt >= GRACE_MS)
      await tx.webhookOccupancy.updateMany({ data: { seenAt: at } });
    const occupied = await tx.$queryRaw<Row[]>`
      INSERT INTO webhook_occupancy AS o (app_id, tenant_id, channel, seen_at)
      SELECT app_id, tenant_id, channel, ${at}::timestamptz
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS s (app_id text, tenant_id text, channel text)
      WHERE tenant_id IS NOT NULL
      ON CONFLICT (app_id, channel) DO UPDATE SET seen_at = excluded.seen_at
      RETURNING app_id AS "appId", tenant_id AS "tenantId", channel, (xmax = 0) AS "isNew"`;
    const vacated = await tx.$queryRaw<Row[]>`
      DELETE FROM webhook_occupancy WHERE seen_at < ${new Date(at.getTime() - GRACE_MS)}
      RETURNING app_id AS "appId", tenant_id AS "tenantId", channel`;
    const notes = [
      ...occupied.filter(({ isNew }) => isNew).map((row) => noteOf('channel.occupied', row, at)),
      ...vacated.map((row) => noteOf('channel.vacated', row, at)),
    ];
    for (let i = 0; i < notes.length; i += BATCH) await noteEvents(tx, notes.slice(i, i + BATCH));
  }
}

interface Row {
  readonly appId: string;
  readonly tenantId: string;
  readonly channel: string;
  readonly isNew?: boolean;
}

function noteOf(
  type: 'channel.occupied' | 'channel.vacated',
  { appId, tenantId, channel }: Row,
  at: Date,
): EventNote {
  const data = JSON.stringify({ channel });
  return { tenantId, appId, type, channel, at, data, orderKey: `channel:${appId}:${channel}` };
}
