import { isDeepStrictEqual } from 'node:util';
import { DataPlaneEvents, type DataPlaneEvent, type DataPlaneWants } from '#contracts';
import type { Database, Tx } from '#database';
import { noteEvents, type EventNote } from '#webhooks';
import type { DeliveryClient } from '../delivery/delivery-client.js';
import { channelWants } from './channel-wants.js';
import { PacedLoop } from '../data/paced-loop.js';

/** Milliseconds between two looks when there was nothing. */
const IDLE_MS = 250;
/** Events noted with one statement. */
const BATCH = 500;
const TX = { timeoutMs: 10_000 };
const SOURCE = 'webhooks:';

export interface MessageFeedParts {
  readonly database: Database;
  readonly delivery: DeliveryClient;
  readonly fault: (error: unknown, what: string) => void;
}

interface Wanted {
  readonly wants: DataPlaneWants;
  readonly tenantOf: ReadonlyMap<string, string>;
  /** When the oldest of the endpoints was made: nothing from before is wanted. */
  readonly since: number;
}

/**
 * Makes events of what happens in the log: asks delivery for what is new and wanted, and notes it
 * together with how far that was, in one transaction. Each event has a key that comes from its place in
 * the log, so that it is noted once, whoever dies when.
 */
export class MessageFeed {
  private readonly loop: PacedLoop;
  /** null: not read from the database yet. */
  private mark: { epoch: string; position: number } | null = null;

  constructor(private readonly parts: MessageFeedParts) {
    this.loop = new PacedLoop({
      step: () => this.step(),
      idleMs: IDLE_MS,
      fault: (error) => parts.fault(error, 'events of channels wait'),
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** @returns whether there may be more at once. */
  async step(): Promise<boolean> {
    const { database, delivery } = this.parts;
    const wanted = await database.asSystem(wantedIn);
    if (!wanted) return false;
    this.mark ??= await database.asSystem(lastMark);
    const { epoch, position } = this.mark ?? { epoch: '', position: 0 };
    const { wants, since, tenantOf } = wanted;
    const told = await delivery.post(
      '/internal/events',
      { epoch, after: position, since, wants },
      DataPlaneEvents,
    );
    if (told.epoch === epoch && told.through === position) return false;
    const notes = told.events.flatMap((event) => noteOf(event, told.epoch, tenantOf));
    const isStored = await database.asSystem(async (tx) => {
      // Delivery was asked without what came since: nothing is passed over, it is asked once more.
      if (!isDeepStrictEqual((await wantedIn(tx))?.wants, wants)) return false;
      for (let i = 0; i < notes.length; i += BATCH) await noteEvents(tx, notes.slice(i, i + BATCH));
      await keepMark(tx, told);
      return true;
    }, TX);
    if (!isStored) return true;
    this.mark = { epoch: told.epoch, position: told.through };
    return told.more;
  }
}

/** What the endpoints of all tenants want of their apps' channels; null: nothing. */
async function wantedIn(tx: Tx): Promise<Wanted | null> {
  const rows = await channelWants(tx, ['message.published', 'presence.changed']);
  if (rows.length === 0) return null;
  const wants: Record<string, { messages: string[]; presence: string[] }> = {};
  for (const { appId, events, channels } of rows) {
    const of = (wants[appId] ??= { messages: [], presence: [] });
    if (events.includes('message.published')) of.messages.push(...channels);
    if (events.includes('presence.changed')) of.presence.push(...channels);
  }
  return {
    wants,
    tenantOf: new Map(rows.map(({ appId, tenantId }) => [appId, tenantId])),
    since: Math.min(...rows.map(({ createdAt }) => createdAt.getTime())),
  };
}

async function lastMark(tx: Tx): Promise<{ epoch: string; position: number } | null> {
  const row = await tx.meterMark.findFirst({
    where: { source: { startsWith: SOURCE } },
    orderBy: { completeTo: 'desc' },
  });
  return row && { epoch: row.source.slice(SOURCE.length), position: Number(row.position) };
}

/** Forward only: another process may have come further. */
async function keepMark(tx: Tx, told: { epoch: string; through: number }): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO meter_mark AS m (source, position, complete_to)
    VALUES (${SOURCE + told.epoch}, ${told.through}, now())
    ON CONFLICT (source) DO UPDATE SET position = greatest(m.position, excluded.position),
      complete_to = excluded.complete_to`;
}

/** An app that was revoked or moved meanwhile has nobody to tell. */
function noteOf(
  { app, kind, channel, position, timestamp, data }: DataPlaneEvent,
  epoch: string,
  tenantOf: ReadonlyMap<string, string>,
): EventNote[] {
  const tenantId = tenantOf.get(app);
  if (tenantId === undefined) return [];
  return [
    {
      tenantId,
      appId: app,
      type: kind === 'message' ? 'message.published' : 'presence.changed',
      data,
      channel,
      at: new Date(timestamp),
      key: `msg:${epoch}:${position}`,
      orderKey: `channel:${app}:${channel}`,
    },
  ];
}
