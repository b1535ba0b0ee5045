import { LIMIT, Problem } from '#contracts';
import { ChannelList } from './channel-list.js';
import { ChannelState } from './channel-state.js';
import type { ChannelSurroundings } from './channel-state.js';
import { crowded } from './problems.js';
import type { TagCache } from './tag-cache.js';
import type { Subscription } from './types.js';

/** Milliseconds that a list of channels, and what only it names, is kept after its last hold. */
const IDLE_MS = 60_000;
/** Idle lists that one request without room removes at most. */
const EVICT_AT_ONCE = 256;

/**
 * The channels that somebody holds on, or did a moment ago. A channel is known by the app of the
 * credential and its name: nothing else in a request can lead to it.
 */
export class ChannelTable {
  private readonly apps = new Map<string, Map<string, ChannelState>>();
  private readonly lists = new Map<string, ChannelList>();
  /** Lists of one channel. */
  private readonly singles = new Map<ChannelState, ChannelList>();
  private readonly idle = new Set<ChannelList>();
  private channels = 0;
  /** Channels over all lists: what bounds the memory that ever-changing lists can take. */
  private named = 0;

  constructor(
    private readonly around: ChannelSurroundings,
    private readonly tags: TagCache,
    private readonly maxChannels: number,
  ) {}

  get size(): number {
    return this.channels;
  }

  peek(app: string, name: string): ChannelState | undefined {
    return this.apps.get(app)?.get(name);
  }

  /** Its own and those that tell of presence; as they are while it is gone through. */
  namesOf(app: string): Iterable<string> {
    return this.apps.get(app)?.keys() ?? [];
  }

  /** The list of this channel alone, if somebody asked for it lately. */
  single({ app, name }: ChannelName): ChannelList | undefined {
    const channel = this.peek(app, name);
    return channel && this.singles.get(channel);
  }

  /**
   * The list for a request, kept for a while; whoever holds on it acquires it for longer. Throws a
   * Problem if there is no room, no channel, or too many.
   */
  list(subscriptions: readonly Subscription[]): ChannelList {
    const wanted = distinct(subscriptions);
    const [only] = wanted;
    if (!only || wanted.length > LIMIT.pollChannels) {
      throw new Problem(
        'invalid_request',
        `A poll names 1 to ${LIMIT.pollChannels} channels; this one names ${wanted.length}. Split it into several polls.`,
      );
    }
    const key = wanted.length === 1 ? null : keyOf(wanted);
    const known = key === null ? this.single(only) : this.lists.get(key);
    return known ?? this.open(wanted, key);
  }

  acquire(list: ChannelList): void {
    list.users += 1;
    if (list.users > 1) return;
    this.idle.delete(list);
    this.around.deadlines.disarm(list);
  }

  release(list: ChannelList): void {
    list.users -= 1;
    if (list.users === 0) this.touch(list);
  }

  /** Keeps a list without holds for a while yet. */
  touch(list: ChannelList): void {
    if (list.users > 0 || list.closed) return;
    this.idle.add(list);
    this.around.deadlines.arm(list, IDLE_MS, this.around.deadlines.tickedAt);
  }

  close(): void {
    for (const names of this.apps.values()) for (const channel of names.values()) channel.close();
    this.apps.clear();
    this.lists.clear();
    this.singles.clear();
    this.idle.clear();
    this.channels = 0;
    this.named = 0;
  }

  private open(wanted: readonly ChannelName[], key: string | null): ChannelList {
    this.makeRoom(wanted.length);
    const channels = wanted.map(({ app, name }) => this.peek(app, name) ?? this.add(app, name));
    const list = new ChannelList(
      channels,
      (app) => this.tags.app(app),
      (idle) => this.remove(idle),
      key,
    );
    for (const channel of channels) channel.lists += 1;
    this.named += channels.length;
    if (key === null) this.singles.set(channels[0]!, list);
    else this.lists.set(key, list);
    this.touch(list);
    return list;
  }

  private add(app: string, name: string): ChannelState {
    let names = this.apps.get(app);
    if (!names) this.apps.set(app, (names = new Map<string, ChannelState>()));
    const channel = new ChannelState({ app, name }, this.tags.channel(app, name), this.around);
    names.set(name, channel);
    this.channels += 1;
    return channel;
  }

  private makeRoom(channels: number): void {
    if (this.named + channels <= this.maxChannels) return;
    let removed = 0;
    for (const list of this.idle) {
      this.remove(list);
      removed += 1;
      if (removed >= EVICT_AT_ONCE && this.named + channels <= this.maxChannels) return;
    }
    if (this.named + channels > this.maxChannels) throw crowded();
  }

  private remove(list: ChannelList): void {
    if (list.closed || list.users > 0) return;
    list.closed = true;
    this.idle.delete(list);
    this.around.deadlines.disarm(list);
    if (list.key === null) this.singles.delete(list.channels[0]!);
    else this.lists.delete(list.key);
    this.named -= list.channels.length;
    for (const channel of list.channels) {
      channel.lists -= 1;
      if (channel.lists > 0) continue;
      channel.close();
      this.channels -= 1;
      const names = this.apps.get(channel.ref.app);
      names?.delete(channel.ref.name);
      if (names?.size === 0) this.apps.delete(channel.ref.app);
    }
  }
}

interface ChannelName {
  readonly app: string;
  readonly name: string;
}

/** Each channel once, though several credentials or a careless list name it again. */
function distinct(subscriptions: readonly Subscription[]): ChannelName[] {
  const seen = new Map<string, Set<string>>();
  const wanted: ChannelName[] = [];
  for (const { owner, channels } of subscriptions) {
    let names = seen.get(owner.appId);
    if (!names) seen.set(owner.appId, (names = new Set<string>()));
    for (const name of channels) {
      if (names.has(name)) continue;
      names.add(name);
      wanted.push({ app: owner.appId, name });
    }
  }
  return wanted;
}

/** With lengths, so that no choice of names can make one list look like another. */
function keyOf(wanted: readonly ChannelName[]): string {
  let key = '';
  for (const { app, name } of wanted) key += `${app.length}:${app}${name.length}:${name}`;
  return key;
}
