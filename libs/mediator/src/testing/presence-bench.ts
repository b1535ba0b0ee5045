import type { PresenceChange, PresenceMember } from '#contracts';
import { ModelEngine } from '#engine';
import type { Append, AppendResult, Stored } from '#engine';
import { wireHead, Outgoing } from '../message-text.js';
import { presenceChannel } from '../presence/names.js';
import { Presence } from '../presence/presence.js';
import type { PresenceEntry, PresenceLimits } from '../presence/types.js';
import { APP, ownerOf } from './bench.js';
import { ManualClock, quiet } from './manual-clock.js';

export const SECOND = 1000;

/** A log whose appends can fail in each way that the port knows. */
export class UnsureEngine extends ModelEngine {
  fault: 'none' | 'definite' | 'unstored' | 'stored' | 'thrown' = 'none';

  override async append(append: Append): Promise<AppendResult> {
    const { fault } = this;
    if (fault === 'definite') return { ok: false, kind: 'definite', code: 'storage_full' };
    if (fault === 'unstored') return { ok: false, kind: 'indefinite', code: 'timeout' };
    if (fault === 'thrown') throw new Error('no log');
    const result = await super.append(append);
    return fault === 'stored' ? { ok: false, kind: 'indefinite', code: 'timeout' } : result;
  }
}

export interface Listed {
  readonly members: readonly PresenceMember[];
  readonly count: number;
  readonly version: number;
  readonly epoch: string;
}

/** Presence over the model of the log, with time in the test's hand. */
export class PresenceBench {
  readonly clock = new ManualClock();
  readonly engine = new UnsureEngine({ clock: this.clock });
  presence: Presence;
  /** What was told of `room`, with the time of each. */
  readonly items: PresenceChange[] = [];
  readonly itemTimes: number[] = [];
  private ids = 0;

  constructor(private readonly limits: PresenceLimits = {}) {
    this.presence = this.open();
    const head = wireHead(presenceChannel('room'));
    this.engine.subscribe({ app: APP, name: presenceChannel('room') }, (stored) => {
      for (const one of stored) this.items.push(shown(one, head));
      this.itemTimes.push(this.clock.monotonic());
    });
  }

  put(clientId: string, data: unknown = null, ttlMs = 60 * SECOND) {
    return this.presence.put(this.entry(clientId, data), ttlMs);
  }

  attend(clientId: string, data: unknown = null) {
    return this.presence.attend([this.entry(clientId, data)]);
  }

  leave(clientId: string): boolean {
    return this.presence.leave(APP, 'room', clientId);
  }

  entry(clientId: string, data: unknown = null, channel = 'room'): PresenceEntry {
    return { owner: ownerOf(APP), channel, clientId, data: JSON.stringify(data) };
  }

  async list(after: string | null = null, limit = 1000, channel = 'room') {
    const page = await this.passUntil(this.presence.list({ app: APP, channel, after, limit }));
    return { ...(JSON.parse(page.body) as Listed), next: page.next };
  }

  async clients(): Promise<string[]> {
    return (await this.list()).members.map(({ clientId }) => clientId);
  }

  /** Time passes, and what needs none of it happens at each window's end. */
  async pass(ms: number): Promise<void> {
    await quiet(2);
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(Math.min(50, left));
      await quiet(1);
    }
    await quiet(2);
  }

  /** A list may wait for a window's end. */
  private async passUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => void (settled = true);
    promise.then(settle, settle);
    for (await quiet(2); !settled; await quiet(4)) this.clock.advance(50);
    return promise;
  }

  restart(): void {
    this.presence.close();
    this.presence = this.open();
  }

  private open(): Presence {
    const { engine, clock, limits } = this;
    return new Presence({ engine, clock, newId: () => `id-${++this.ids}`, limits });
  }
}

function shown(stored: Stored, head: string): PresenceChange {
  return JSON.parse(new Outgoing(stored).wire(head).toString()) as PresenceChange;
}

/** Who is there, as a reader knows it that listed once and applies every change after. */
export class Watcher {
  readonly members = new Map<string, PresenceMember>();

  constructor(
    listed: readonly PresenceMember[],
    public version: number,
  ) {
    for (const member of listed) this.members.set(member.clientId, member);
  }

  apply(items: readonly PresenceChange[]): this {
    for (const item of items) {
      if (item.version <= this.version) continue;
      this.version = item.version;
      if (item.reset) this.members.clear();
      for (const member of [...item.joined, ...item.updated]) {
        this.members.set(member.clientId, member);
      }
      for (const { clientId } of item.left) this.members.delete(clientId);
    }
    return this;
  }

  /** In the order of a list. */
  get list(): PresenceMember[] {
    return [...this.members.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  }
}
