import type { Engine } from '#engine';
import { unreadable } from '../problems.js';
import { channelOfRegistry, REGISTRIES } from './group-names.js';
import type { GroupRegistry } from './group-registry.js';
import type { Group } from './group.js';
import type { GroupPage, GroupQuery, GroupRef, GroupReport } from './types.js';

/** How far the lag is counted of each group of a list, where it is one of many. */
const LAG_PAGE = { messages: 1_000, bytes: 1024 * 1024 };
/** Channels looked at for one page: some may have had groups and have none now. */
const CHANNELS = 1_000;

/** All groups of an app, page by page, in the order of their channels' names and then of their own. */
export class GroupList {
  constructor(
    private readonly engine: Engine,
    private readonly registry: GroupRegistry,
    private readonly open: (ref: GroupRef) => Promise<Group | null>,
  ) {}

  /** Throws the Problem `unavailable` if the log cannot be read. */
  async page(query: GroupQuery): Promise<GroupPage> {
    const { app, limit } = query;
    const groups: (GroupReport & { channel: string })[] = [];
    let last = query.after;
    let looked = 0;
    for await (const channel of this.channels(query)) {
      // The next page begins with this channel, whatever its first group is called.
      if (looked++ === CHANNELS) return { groups, next: { channel, group: '' } };
      const names = await this.registry.names(app, channel).catch(asProblem);
      for (const group of names) {
        const { after } = query;
        if (after?.channel === channel && group <= after.group) continue;
        if (groups.length === limit) return { groups, next: last };
        const report = await this.reportOn({ app, channel, group });
        if (report) groups.push({ ...report, channel });
        last = { channel, group };
      }
    }
    return { groups, next: null };
  }

  /** From that of `after` on. */
  private async *channels({ app, channel, after }: GroupQuery): AsyncGenerator<string> {
    if (channel !== null) {
      yield channel;
      return;
    }
    if (after) yield after.channel;
    for (let from = after && REGISTRIES + after.channel; ;) {
      const page = { app, prefix: REGISTRIES, after: from, limit: 100 };
      const names = await this.engine.channelNames(page).catch(asProblem);
      for (const name of names) yield channelOfRegistry(name);
      from = names.at(-1) ?? null;
      if (from === null) return;
    }
  }

  /** Others have their turn between two of them: each may have to be read from its journal. */
  private async reportOn(ref: GroupRef): Promise<GroupReport | null> {
    await new Promise((resolve) => setImmediate(resolve));
    const group = await this.open(ref);
    return group && group.report(LAG_PAGE);
  }
}

function asProblem(fault: unknown): never {
  throw unreadable(fault);
}
