import {
  DataPlaneQuery,
  OccupiedQuery,
  patternMatches,
  type DataPlaneEvent,
  type DataPlaneEvents,
  type Occupied,
} from '#contracts';
import type { Engine, JournalLine, JournalRead } from '#engine';
import { watchedChannel, wireText, type Mediator } from '#mediator';
import { internalRoute, type InternalRoute } from './internal-routes.js';

/** Lines of the journal looked at for one answer. */
const LINES = 2_000;
/** Bytes of messages in one answer, unless a single commit brought more. */
const BYTES = 8 * 1024 * 1024;
/** Channels in one answer on who receives. */
const CHANNELS = 100_000;

/** What the control plane asks for its webhooks. */
export function eventRoutes(engine: Engine, mediator: Mediator): InternalRoute[] {
  return [
    internalRoute({
      method: 'POST',
      path: '/internal/events',
      input: DataPlaneQuery,
      answer: (query) => events(engine, query),
    }),
    internalRoute({
      method: 'POST',
      path: '/internal/occupied',
      input: OccupiedQuery,
      answer: (query) => occupied(mediator, query),
    }),
  ];
}

interface Wanted {
  readonly kind: DataPlaneEvent['kind'];
  /** As people know it. */
  readonly channel: string;
}

/** What was stored after a place and is wanted, as far as one answer has room for it. */
async function events(engine: Engine, query: DataPlaneQuery): Promise<DataPlaneEvents> {
  const from = await startOf(engine, query);
  const read = await readSome(engine, from, query);
  const found: DataPlaneEvent[] = [];
  for (const line of read.lines) {
    const wanted = wantedOf(line, query);
    if (wanted) found.push(...(await messagesOf(engine, read.epoch, line, wanted, query.since)));
  }
  return {
    epoch: read.epoch,
    through: Math.max(read.through, from),
    more: read.completeTo === null,
    events: found,
  };
}

/** In another log than the caller knows: from where this one began. Never from before what is wanted. */
async function startOf(engine: Engine, { epoch, after, since }: DataPlaneQuery): Promise<number> {
  const now = await engine.journal(Number.MAX_SAFE_INTEGER, 1);
  const known = now.epoch === epoch ? after : now.base;
  return Math.max(known, await engine.positionBefore(since));
}

/** Fewer lines where what is wanted of them would be too much for one answer. */
async function readSome(engine: Engine, from: number, query: DataPlaneQuery): Promise<JournalRead> {
  for (let lines = LINES; ; lines = Math.floor(lines / 4)) {
    const read = await engine.journal(from, Math.max(1, lines));
    const bytes = read.lines.reduce(
      (sum, line) => sum + (wantedOf(line, query) ? line.bytes : 0),
      0,
    );
    if (bytes <= BYTES || lines <= 1) return read;
  }
}

function wantedOf({ channel }: JournalLine, { wants }: DataPlaneQuery): Wanted | null {
  const want = Object.hasOwn(wants, channel.app) ? wants[channel.app] : undefined;
  if (!want) return null;
  const watched = watchedChannel(channel.name);
  if (watched !== null)
    return isWanted(want.presence, watched) ? { kind: 'presence', channel: watched } : null;
  // What we keep in the log for ourselves is nobody's event.
  if (channel.name.startsWith(OUR_OWN)) return null;
  return isWanted(want.messages, channel.name) ? { kind: 'message', channel: channel.name } : null;
}

const OUR_OWN = '\u0001';

function isWanted(patterns: readonly string[], channel: string): boolean {
  return patterns.some((pattern) => patternMatches(pattern, channel));
}

/** The messages of a line that are still kept. */
async function messagesOf(
  engine: Engine,
  epoch: string,
  line: JournalLine,
  { kind, channel }: Wanted,
  since: number,
): Promise<DataPlaneEvent[]> {
  const { app } = line.channel;
  const place = { epoch, position: line.first - 1 };
  const limit = { messages: line.messages, bytes: Number.MAX_SAFE_INTEGER };
  const { messages } = await engine.read(line.channel, place, limit);
  return messages
    .filter(
      ({ position, timestamp }) => position < line.first + line.messages && timestamp >= since,
    )
    .map((stored) => ({
      app,
      kind,
      channel,
      position: stored.position,
      timestamp: stored.timestamp,
      data: wireText(stored),
    }));
}

async function occupied(mediator: Mediator, { apps }: OccupiedQuery): Promise<Occupied> {
  const answer: Record<string, string[]> = {};
  let room = CHANNELS;
  for (const [app, patterns] of Object.entries(apps)) {
    const names = (await mediator.receivedFrom(app)).filter((name) => isWanted(patterns, name));
    answer[app] = names.slice(0, room);
    room -= answer[app].length;
  }
  return { apps: answer };
}
