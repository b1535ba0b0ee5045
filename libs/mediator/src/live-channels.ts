import type { Engine } from '#engine';
import type { ChannelTable } from './channel-table.js';
import type { Groups } from './groups/groups.js';
import { watchedChannel } from './presence/names.js';
import { unreachable } from './problems.js';
import type { LiveChannelPage, LiveChannelRequest } from './types.js';

/** Names looked at before others have their turn: an app may have a million, and everybody else waits. */
const AT_ONCE = 10_000;

/**
 * The channels of one app that somebody receives from on this node, or did a minute ago, and those that
 * the caller knows to be live for another reason. In the order of their names.
 */
export class LiveChannels {
  constructor(
    private readonly channels: ChannelTable,
    private readonly groups: Groups,
    private readonly engine: Engine,
  ) {}

  /** Throws the Problem `unavailable` if the log cannot be read. */
  async page(request: LiveChannelRequest): Promise<LiveChannelPage> {
    const { app, limit } = request;
    const inGroups = this.groups.holdsByChannel(app);
    const first = new FirstNames(request);
    let seen = 0;
    for (const names of [this.channels.namesOf(app), inGroups.keys(), request.also]) {
      for (const name of names) {
        if (watchedChannel(name) === null) first.offer(name);
        if (++seen % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const channels = await Promise.all(
      first.names.slice(0, limit).map(async (name) => ({
        name,
        receivers: this.holdsOn(app, name) + (inGroups.get(name) ?? 0),
        position: await this.tailOf(app, name),
      })),
    );
    return { channels, hasMore: first.names.length > limit };
  }

  private holdsOn(app: string, name: string): number {
    let holds = 0;
    for (const listener of this.channels.peek(app, name)?.listeners ?? []) holds += listener.holds;
    return holds;
  }

  private async tailOf(app: string, name: string): Promise<number> {
    const known = this.channels.peek(app, name);
    if (known?.synced) return known.tail;
    try {
      return (await this.engine.tail({ app, name })).last;
    } catch (fault) {
      throw unreachable(fault);
    }
  }
}

/** Of all names offered, the first of a page and one more, each once. */
class FirstNames {
  readonly names: string[] = [];

  constructor(private readonly wanted: Pick<LiveChannelRequest, 'prefix' | 'after' | 'limit'>) {}

  offer(name: string): void {
    const { names } = this;
    const { prefix, after, limit } = this.wanted;
    if (!name.startsWith(prefix) || (after !== null && name <= after)) return;
    if (names.length > limit && name >= names[limit]!) return;
    let low = 0;
    for (let high = names.length; low < high;) {
      const middle = (low + high) >> 1;
      if (names[middle]! < name) low = middle + 1;
      else high = middle;
    }
    if (names[low] === name) return;
    names.splice(low, 0, name);
    if (names.length > limit + 1) names.pop();
  }
}
