import { LIMIT } from '#contracts';
import type { Engine, Stored } from '#engine';
import type { ChannelState } from './channel-state.js';
import type { Cursor } from './cursor.js';
import type { CursorBook } from './cursor-book.js';
import { Findings } from './findings.js';
import type { Part } from './findings.js';
import type { FindingsMemory } from './findings-memory.js';
import { judgeRead } from './judge-read.js';
import type { Verdict } from './judge-read.js';
import { Outgoing } from './message-text.js';
import type { Start } from './starting-point.js';

/** Reads under way at once for one group: with the bytes of each, what bounds its memory. */
const READS_AT_ONCE = 16;

export interface Collected {
  readonly findings: Findings;
  /** Some engine answer was out of date: what was not found may be there all the same. */
  readonly stale: boolean;
}

/** How a cursor stands to what its channels' states know. */
export type Standing = 'idle' | 'hot' | 'cold';

/** Finds out what is there for a cursor, from memory where that is sure, else from the log. */
export class Collector {
  private readonly consistent: boolean;
  private rotation = 0;

  constructor(
    private readonly engine: Engine,
    private readonly book: CursorBook,
    private readonly memory: FindingsMemory,
    /** What answers are to be made of what is found. */
    private readonly Made: typeof Findings = Findings,
  ) {
    this.consistent = engine.capabilities.nodes === 'one';
  }

  /** `idle`: has everything; `hot`: the rest is in memory; `cold`: only the log can tell. */
  look(cursor: Cursor): Standing {
    const { positions, epochs } = cursor;
    const { channels } = cursor.list;
    let standing: Standing = 'idle';
    for (let i = 0; i < channels.length; i++) {
      const channel = channels[i]!;
      if (!channel.synced || channel.epoch !== epochs[i]) return 'cold';
      const position = positions[i]!;
      if (position === channel.tail) continue;
      if (position < channel.window.floor || position > channel.tail) return 'cold';
      standing = 'hot';
    }
    return standing;
  }

  /**
   * For a `hot` cursor; null if its place is none in the chain after all. `keep`: others may come for
   * the same (kept for a single reader it would only be garbage that lives long).
   */
  fromMemory(cursor: Cursor, keep: boolean): Findings | null {
    const { channels } = cursor.list;
    let version = 0;
    for (let i = 0; i < channels.length; i++) version += channels[i]!.version;
    const kept = this.memory.at(cursor);
    if (kept?.version === version) return kept;
    const parts: Part[] = [];
    for (let i = 0; i < channels.length; i++) {
      if (cursor.positions[i] === channels[i]!.tail) continue;
      const part = partFromMemory(channels[i]!, i, cursor.positions[i]!);
      if (!part) return null;
      parts.push(part);
    }
    const findings = new this.Made(cursor, parts, this.book, version);
    if (keep) this.memory.keep(cursor, findings);
    return findings;
  }

  /** Asks the log wherever memory does not do. `starts`: what resolving the cursor has read already. */
  async collect(
    cursor: Cursor,
    limit: number,
    starts: readonly (Start | null)[] | null,
  ): Promise<Collected> {
    const { channels } = cursor.list;
    await Promise.all(
      channels.filter((channel) => !channel.synced).map((channel) => channel.sync()),
    );
    const found: (Finding | null)[] = channels.map(() => null);
    const cold: number[] = [];
    channels.forEach((channel, i) => {
      if (starts?.[i]?.read || !this.isInMemory(channel, cursor, i)) cold.push(i);
    });
    const stale = await this.readAll(cursor, limit, cold, found, starts);
    const parts: Part[] = [];
    const coldOnes = new Set(cold);
    channels.forEach((channel, i) => {
      const part = coldOnes.has(i)
        ? partFromLog(i, found[i] ?? null)
        : channel.epoch === cursor.epochs[i] && cursor.positions[i]! < channel.tail
          ? partFromMemory(channel, i, cursor.positions[i]!)
          : null;
      if (part) parts.push(part);
    });
    return { findings: new this.Made(cursor, parts, this.book, -1), stale };
  }

  private isInMemory(channel: ChannelState, cursor: Cursor, i: number): boolean {
    const position = cursor.positions[i]!;
    if (channel.epoch !== cursor.epochs[i]) return false;
    return position === channel.tail || channel.window.has(position);
  }

  /**
   * In rounds: each channel its share of the limit, then what is left to those that have more. The
   * first one changes from time to time, so that none is always the one that finds no room.
   */
  private async readAll(
    cursor: Cursor,
    limit: number,
    cold: readonly number[],
    found: (Finding | null)[],
    starts: readonly (Start | null)[] | null,
  ): Promise<boolean> {
    let stale = false;
    let room = limit;
    let bytes: number = LIMIT.answerBytes;
    const turn = this.rotation++ % Math.max(1, cold.length);
    let open = [...cold.slice(turn), ...cold.slice(0, turn)];
    while (open.length > 0 && room > 0 && bytes > 0) {
      const share = {
        messages: Math.max(1, Math.ceil(room / open.length)),
        bytes: Math.max(1, Math.floor(bytes / Math.min(open.length, READS_AT_ONCE))),
      };
      const more: number[] = [];
      for (let next = 0; next < open.length && room > 0 && bytes > 0; next += READS_AT_ONCE) {
        const slice = open.slice(next, next + READS_AT_ONCE);
        const read = await Promise.all(
          slice.map((i) =>
            found[i]
              ? this.readOn(cursor.list.channels[i]!, found[i], share)
              : this.readFirst(cursor, i, share, starts?.[i] ?? null),
          ),
        );
        read.forEach((result, k) => {
          const i = slice[k]!;
          if (result === 'stale') stale = true;
          if (result === 'stale' || result === null) return;
          found[i] = result.finding;
          room -= result.added.length;
          for (const message of result.added) bytes -= message.payload.length;
          if (result.finding.more) more.push(i);
        });
      }
      open = more;
    }
    return stale;
  }

  private async readFirst(
    cursor: Cursor,
    i: number,
    share: { messages: number; bytes: number },
    start: Start | null,
  ): Promise<{ finding: Finding; added: readonly Stored[] } | 'stale' | null> {
    const channel = cursor.list.channels[i]!;
    const place = { epoch: cursor.epochs[i]!, position: cursor.positions[i]! };
    // The end first, then the read: only so does a read that falls short of it prove anything.
    const tail = start?.read ? start.tail : await this.engine.tail(channel.ref);
    channel.observe(tail);
    if (!start?.read && tail.epoch === place.epoch && tail.last === place.position) return null;
    const read = start?.read ?? (await this.engine.read(channel.ref, place, share));
    const verdict = judgeRead(place, tail, read, this.consistent);
    if (verdict === null || verdict === 'stale') return verdict;
    return {
      finding: { verdict, messages: [...verdict.messages], more: read.more },
      added: verdict.messages,
    };
  }

  private async readOn(
    channel: ChannelState,
    finding: Finding,
    share: { messages: number; bytes: number },
  ): Promise<{ finding: Finding; added: readonly Stored[] } | null> {
    const last = finding.messages.at(-1);
    if (!last) return null;
    const { epoch } = finding.verdict;
    const read = await this.engine.read(channel.ref, { epoch, position: last.position }, share);
    // Anything odd is left to the next poll, which begins there.
    if (read.status !== 'ok' || read.epoch !== epoch) return null;
    finding.messages.push(...read.messages);
    return { finding: { ...finding, more: read.more }, added: read.messages };
  }
}

interface Finding {
  readonly verdict: Verdict;
  readonly messages: Stored[];
  readonly more: boolean;
}

function partFromMemory(channel: ChannelState, index: number, position: number): Part | null {
  const messages = channel.window.after(position);
  if (!messages || messages.length === 0) return null;
  const { epoch, tail } = channel;
  return { index, messages, lost: null, epoch, from: position, to: tail };
}

function partFromLog(index: number, finding: Finding | null): Part | null {
  if (!finding) return null;
  const { verdict, messages } = finding;
  const to = messages.at(-1)?.position ?? verdict.to;
  return {
    index,
    messages: messages.map((message) => new Outgoing(message)),
    lost: verdict.lost,
    epoch: verdict.epoch,
    from: verdict.from,
    to,
  };
}
