import type { AppendResult, ChannelRef, Engine } from '#engine';
import { Timed } from '../deadlines.js';
import type { Deadlines } from '../deadlines.js';
import type { Clock } from '../types.js';
import { Changes, countIn } from './changes.js';
import type { Draft } from './changes.js';
import { MemberList } from './member-list.js';
import { presenceChannel } from './names.js';

/** Milliseconds: from the first change to the item that tells it, and between items when many change. */
const WINDOW_MS = 250;
const WINDOW_MAX_MS = 1000;
/** Changes are kept as long as a reader may well be away; who was away for longer lists the members. */
const KEEP = { seconds: 600, messages: null };
/** Longer than the longest hold, so that a channel stays known between the polls of its watchers. */
const IDLE_MS = 400_000;
/** Items that a list waits for at most. */
const LIST_TRIES = 3;

export interface PresenceSurroundings {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly newId: () => string;
  /** Monotonic: when the members of an earlier run of this server have come again, or never will. */
  readonly settledAt: number;
}

/**
 * Who is present in one channel, and the telling of it. Members are in memory alone. Changes go to the
 * log once per window, as one item, whose position is the version of the presence.
 */
export class PresenceChannel extends Timed {
  readonly members = new MemberList();
  /** Position of the newest item that is stored. */
  version = 0;
  epoch = '';
  private readonly ref: ChannelRef;
  private readonly changes = new Changes();
  private isOpen = false;
  private opening: Promise<void> | null = null;
  /** The log tells of members of an earlier run: readers are told who of them is left. */
  private hasInherited = false;
  /** Members by the newest item that is stored; null if that is not known. */
  private storedCount: number | null = 0;
  /** On its way to the log. */
  private draft: Draft | null = null;
  private waiting: (() => void)[] = [];
  private isClosed = false;
  /** Monotonic: when the next item may go out, for the spacing; and when this window ends. */
  private notBefore = 0;
  private windowEnds = 0;
  private idleSince: number;

  constructor(
    readonly app: string,
    readonly name: string,
    private readonly around: PresenceSurroundings,
    private readonly onIdle: (channel: PresenceChannel) => void,
  ) {
    super();
    this.ref = { app, name: presenceChannel(name) };
    this.idleSince = around.clock.monotonic();
    this.open().catch(ignore);
  }

  /** Resolves when `version` is known. Rejects if the log cannot be read; a later call tries anew. */
  open(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    this.opening ??= this.readEnd().finally(() => {
      this.opening = null;
      this.schedule();
    });
    return this.opening;
  }

  /** To be called before a member is added, removed or changed. */
  note(clientId: string): void {
    if (this.changes.isEmpty) this.windowEnds = this.around.clock.monotonic() + WINDOW_MS;
    this.changes.note(clientId, this.members.get(clientId) !== undefined);
    this.schedule();
  }

  /**
   * Resolves when the members may be listed; false if the log does not take what has to be told first.
   * Who is listed must not be forgotten by a crash before it is told: so at least one item of the log
   * says that somebody was here, which makes the next run tell who is left of them.
   */
  async listable(): Promise<boolean> {
    await this.open();
    for (let tries = 0; tries < LIST_TRIES && !this.isClosed; tries++) {
      const isKnown = this.storedCount !== 0 && this.draft?.count !== 0;
      if (isKnown || this.members.size === 0) {
        this.changes.noteListed();
        this.touch();
        return true;
      }
      this.windowEnds = 0;
      const published = new Promise<void>((resolve) => this.waiting.push(resolve));
      this.schedule();
      await published;
    }
    return false;
  }

  /** Somebody watches or lists: worth being kept for a while. */
  touch(): void {
    this.idleSince = this.around.deadlines.tickedAt;
    if (!this.isOpen) this.open().catch(ignore);
  }

  expire(): void {
    const now = this.around.clock.monotonic();
    if (!this.isOpen && this.isNeeded) {
      // The log could not be read before; the outcome schedules what follows.
      this.open().catch(ignore);
      return;
    }
    if (this.hasInherited && now >= this.around.settledAt) {
      this.hasInherited = false;
      this.changes.reset(this.members.values());
    }
    if (!this.changes.isEmpty) void this.publish();
    else if (this.members.size === 0 && now >= this.idleSince + IDLE_MS) this.onIdle(this);
    else this.schedule();
  }

  close(): void {
    this.isClosed = true;
    this.release();
    this.around.deadlines.disarm(this);
  }

  private get isNeeded(): boolean {
    return this.members.size > 0 || !this.changes.isEmpty;
  }

  private async readEnd(): Promise<void> {
    const { engine } = this.around;
    const tail = await engine.tail(this.ref);
    if (tail.last > 0) {
      const { messages } = await engine.readBack(this.ref, null, { messages: 1, bytes: 1 });
      const newest = messages[0];
      // What is no longer kept may have been anything; telling it anew harms nobody.
      this.storedCount = newest ? countIn(newest.payload) : null;
      this.hasInherited = this.storedCount !== 0;
    }
    this.epoch = tail.epoch;
    this.version = tail.last;
    this.isOpen = true;
  }

  /** One deadline serves all: the window's end, the settling after a start, and idleness. */
  private schedule(): void {
    if (this.draft || this.isClosed || this.opening) return;
    const { clock, deadlines, settledAt } = this.around;
    const now = clock.monotonic();
    let due: number | null = null;
    if (!this.changes.isEmpty) due = Math.max(this.windowEnds, this.notBefore);
    else if (this.members.size === 0) due = this.idleSince + IDLE_MS;
    if (this.hasInherited && (due === null || settledAt < due)) due = settledAt;
    if (!this.isOpen && this.isNeeded) due = now + WINDOW_MAX_MS;
    if (due === null) deadlines.disarm(this);
    else deadlines.arm(this, Math.max(0, due - now), now);
  }

  /** Never rejects. */
  private async publish(): Promise<void> {
    const draft = (this.draft = this.changes.take(this.members));
    if (!draft) {
      this.release();
      return this.schedule();
    }
    const result = await this.append(draft);
    this.draft = null;
    if (result?.ok) {
      this.storedCount = draft.count;
      this.version = result.entries[0]!.position;
      this.epoch = result.epoch;
    } else {
      this.changes.putBack(draft, result?.kind !== 'definite');
    }
    const now = this.around.clock.monotonic();
    // The more there is to tell, the rarer: a crowd that comes within a second is a few items.
    this.notBefore = now + Math.min(WINDOW_MAX_MS, WINDOW_MS + draft.size);
    this.release();
    this.schedule();
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async append({ payload }: Draft): Promise<AppendResult | null> {
    const entry = { id: this.around.newId(), idempotent: false, payload };
    try {
      return await this.around.engine.append({
        channel: this.ref,
        retention: KEEP,
        entries: [entry],
      });
    } catch {
      // Whether it was stored is not known; it is said again after the next window.
      return null;
    }
  }
}

/** Whoever waits for it hears of the fault; the next window tries anew. */
function ignore(): void {}
