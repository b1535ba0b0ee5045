import { GROUP_LIMIT } from '#contracts';
import type { ChannelRef, Engine } from '#engine';
import { registryOf, REGISTRY_RETENTION } from './group-names.js';
import { groupElsewhere, notNoted, tooManyGroups } from './problems.js';

/** Attempts to write the list when others write it at the same moment. */
const ATTEMPTS = 10;

interface Listed {
  readonly names: readonly string[];
  /** Position of the entry that says so. */
  readonly last: number;
}

/**
 * The names of a channel's groups, the whole list in each entry of a channel of the log. A name stands
 * in it before its group exists and after it has gone, never the other way: the journals tell which are.
 */
export class GroupRegistry {
  constructor(private readonly engine: Engine) {}

  async names(app: string, channel: string): Promise<readonly string[]> {
    return (await this.read(registryOf(app, channel))).names;
  }

  /** Throws the Problem `rate_limited` when the channel has as many groups as it can have. */
  add(
    app: string,
    channel: string,
    name: string,
    max: number = GROUP_LIMIT.perChannel,
  ): Promise<void> {
    return this.change(registryOf(app, channel), (names) => {
      if (names.includes(name)) return null;
      if (names.length >= max) throw tooManyGroups(channel, names.length, max);
      return [...names, name].sort();
    });
  }

  remove(app: string, channel: string, name: string): Promise<void> {
    return this.change(registryOf(app, channel), (names) =>
      names.includes(name) ? names.filter((one) => one !== name) : null,
    );
  }

  private async read(ref: ChannelRef): Promise<Listed> {
    const { last } = await this.engine.tail(ref);
    const page = await this.engine.readBack(ref, null, { messages: 1, bytes: 1 });
    const newest = page.messages[0];
    if (!newest) return { names: [], last };
    const { groups } = JSON.parse(Buffer.from(newest.payload).toString()) as { groups: string[] };
    return { names: groups, last: newest.position };
  }

  /** `work` returns the new list, or null when nothing has to change. */
  private async change(
    ref: ChannelRef,
    work: (names: readonly string[]) => readonly string[] | null,
  ): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { names, last } = await this.read(ref);
      const groups = work(names);
      if (!groups) return;
      const payload = Buffer.from(JSON.stringify({ v: 1, groups }));
      const result = await this.engine.append({
        channel: ref,
        retention: REGISTRY_RETENTION,
        entries: [{ id: '', idempotent: false, payload, ifPosition: last }],
      });
      if (result.ok) return;
      if (result.code !== 'position_conflict') throw notNoted(result);
    }
    throw groupElsewhere();
  }
}
