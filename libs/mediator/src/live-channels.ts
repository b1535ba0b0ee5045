import type { Engine } from '#engine';
import type { ChannelTable } from './channel-table.js';
import { FirstNames } from './first-names.js';
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

  /** The channels that somebody receives from at this moment. */
  async receivedFrom(app: string): Promise<string[]> {
    const names = new Set(this.groups.holdsByChannel(app).keys());
    let seen = 0;
    for (const name of this.channels.namesOf(app)) {
      if (watchedChannel(name) === null && this.holdsOn(app, name) > 0) names.add(name);
      if (++seen % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return [...names];
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
