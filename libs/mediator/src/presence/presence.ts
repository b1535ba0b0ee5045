import { PRESENCE } from '#contracts';
import { Deadlines } from '../deadlines.js';
import { unreadable } from '../problems.js';
import type { HoldOwner } from '../types.js';
import { Member } from './member.js';
import { PresenceChannel } from './presence-channel.js';
import type { PresenceSurroundings } from './presence-channel.js';
import { presenceChannel } from './names.js';
import { appFull, channelFull, crowded } from './problems.js';
import type {
  Attendance,
  PresenceEntry,
  PresenceLimits,
  PresenceListRequest,
  PresenceOptions,
  PresencePage,
  PresencePut,
} from './types.js';

/** Milliseconds between two polls of a client that is still there. */
const GRACE_MS = PRESENCE.graceSeconds * 1000;
/** After a start: by then clients have polled or put themselves again, or are gone. */
const SETTLE_MS = 60_000;

/** Looks at members before others have their turn. */
const AT_ONCE = 100_000;

interface AppPresence {
  readonly channels: Map<string, PresenceChannel>;
  members: number;
}

/**
 * Who is present where. A heartbeat touches memory only; what changes is told once per window and
 * channel. It trusts its caller with everything about who may do what, as the mediator does.
 */
export class Presence {
  private readonly apps = new Map<string, AppPresence>();
  private readonly deadlines: Deadlines;
  private readonly around: PresenceSurroundings;
  private readonly limits: Required<PresenceLimits>;
  private channels = 0;
  private members = 0;
  private dataChars = 0;

  constructor(private readonly o: PresenceOptions) {
    const { engine, clock, newId } = o;
    this.deadlines = new Deadlines(clock);
    const settledAt = clock.monotonic() + SETTLE_MS;
    this.around = { engine, clock, deadlines: this.deadlines, newId, settledAt };
    this.limits = {
      channelMembers: PRESENCE.channelMembers,
      appMembers: PRESENCE.appMembers,
      dataChars: 128 * 1024 * 1024,
      channels: 1_000_000,
      ...o.limits,
    };
  }

  /** Present for `ttlMs`; again, for so long from now. Throws a Problem if there is no room. */
  put(entry: PresenceEntry, ttlMs: number): PresencePut {
    const { member } = this.enter(entry);
    member.putUntil = this.o.clock.monotonic() + ttlMs;
    this.keep(member);
    return { since: member.since, expiresAt: this.o.clock.now() + ttlMs };
  }

  /** Present while a poll is held, and for the grace after. Throws a Problem if there is no room for one. */
  attend(entries: readonly PresenceEntry[]): Attendance {
    const entered: { entry: PresenceEntry; member: Member; isNew: boolean }[] = [];
    const end = (atOnce: boolean): void => {
      const graceUntil = this.o.clock.monotonic() + GRACE_MS;
      for (const { entry, member, isNew } of entered.splice(0)) {
        member.polls -= 1;
        const place = this.find(entry);
        // It may have left meanwhile, and another of its name come.
        if (place?.members.get(entry.clientId) !== member) continue;
        if (atOnce && isNew && member.polls === 0 && member.until === 0) {
          this.remove(place, member);
          continue;
        }
        member.graceUntil = graceUntil;
        this.keep(member);
      }
    };
    try {
      for (const entry of entries) {
        const { member, isNew } = this.enter(entry);
        member.polls += 1;
        this.deadlines.disarm(member);
        entered.push({ entry, member, isNew });
      }
    } catch (fault) {
      end(true);
      throw fault;
    }
    return { end };
  }

  /** False if the client was not there. */
  leave(app: string, channel: string, clientId: string): boolean {
    const place = this.apps.get(app)?.channels.get(channel);
    const member = place?.members.get(clientId);
    if (!place || !member) return false;
    this.remove(place, member);
    return true;
  }

  /** Who entered with a credential that matches leaves now. */
  end(matches: (owner: HoldOwner) => boolean): void {
    for (const { channels } of this.apps.values()) {
      for (const channel of channels.values()) {
        for (const member of [...channel.members.values()]) {
          if (matches(member.owner)) this.remove(channel, member);
        }
      }
    }
  }

  /** Throws the Problem `unavailable` if the log cannot be read. */
  async list({ app, channel, after, limit }: PresenceListRequest): Promise<PresencePage> {
    try {
      const place = this.apps.get(app)?.channels.get(channel);
      if (!place) {
        const tail = await this.o.engine.tail({ app, name: presenceChannel(channel) });
        return { body: listText([], 0, tail.last, tail.epoch), next: null };
      }
      if (!(await place.listable())) throw new Error('the log takes no changes of presence');
      const { members, next } = place.members.page(after, limit);
      return { body: listText(members, place.members.size, place.version, place.epoch), next };
    } catch (fault) {
      throw unreadable(fault);
    }
  }

  /**
   * Somebody receives this channel's changes. After a start it is from here that they are told who of
   * the members they know is no longer there. Throws a Problem if there is no room.
   */
  watch(app: string, channel: string): void {
    const { channels } = this.app(app);
    (channels.get(channel) ?? this.open(channels, app, channel)).touch();
  }

  /** The channels of an app with somebody in them. */
  *occupied(app: string): Iterable<string> {
    for (const [name, { members }] of this.apps.get(app)?.channels ?? [])
      if (members.size > 0) yield name;
  }

  /** Where some clients of an app are present, `most` channels of each at most. */
  async channelsOf(
    app: string,
    clients: readonly string[],
    most: number,
  ): Promise<Map<string, string[]>> {
    const found = new Map(clients.map((client): [string, string[]] => [client, []]));
    let looked = 0;
    for (const [name, { members }] of this.apps.get(app)?.channels ?? []) {
      for (const [client, channels] of found) {
        if (channels.length < most && members.get(client)) channels.push(name);
      }
      looked += found.size;
      if (looked < AT_ONCE) continue;
      looked = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  membersIn(app: string, channel: string): number {
    return this.apps.get(app)?.channels.get(channel)?.members.size ?? 0;
  }

  memberCount(): number {
    return this.members;
  }

  /** Members of one app over all its channels. */
  membersOf(app: string): number {
    return this.apps.get(app)?.members ?? 0;
  }

  close(): void {
    for (const { channels } of this.apps.values()) {
      for (const channel of channels.values()) channel.close();
    }
    this.apps.clear();
    this.deadlines.stop();
  }

  private enter(entry: PresenceEntry): { member: Member; isNew: boolean } {
    const { owner, clientId, data } = entry;
    const app = this.app(owner.appId);
    const known = app.channels.get(entry.channel);
    const member = known?.members.get(clientId);
    const { limits } = this;
    if (this.dataChars + data.length - (member?.data.length ?? 0) > limits.dataChars) {
      throw crowded();
    }
    if (member) {
      if (member.data !== data) {
        known!.note(clientId);
        this.dataChars += data.length - member.data.length;
        member.data = data;
      }
      member.owner = owner;
      return { member, isNew: false };
    }
    const size = known?.members.size ?? 0;
    const { channelMembers = Infinity, appMembers = Infinity } = entry.room ?? {};
    const inChannel = Math.min(channelMembers, limits.channelMembers);
    const inApp = Math.min(appMembers, limits.appMembers);
    if (size >= inChannel) throw channelFull(entry.channel, inChannel);
    if (app.members >= inApp) throw appFull(inApp);
    const channel = known ?? this.open(app.channels, owner.appId, entry.channel);
    const fresh = new Member(clientId, this.o.clock.now(), data, owner, (gone) =>
      this.remove(channel, gone),
    );
    channel.note(clientId);
    channel.members.add(fresh);
    app.members += 1;
    this.members += 1;
    this.dataChars += data.length;
    return { member: fresh, isNew: true };
  }

  private remove(channel: PresenceChannel, member: Member): void {
    this.deadlines.disarm(member);
    channel.note(member.clientId);
    channel.members.remove(member);
    channel.touch();
    this.apps.get(channel.app)!.members -= 1;
    this.members -= 1;
    this.dataChars -= member.data.length;
  }

  /** Sets when the member leaves, unless a poll that is held keeps it. */
  private keep(member: Member): void {
    if (member.polls > 0) return;
    const now = this.o.clock.monotonic();
    this.deadlines.arm(member, Math.max(0, member.until - now), now);
  }

  private find({ owner, channel }: PresenceEntry): PresenceChannel | undefined {
    return this.apps.get(owner.appId)?.channels.get(channel);
  }

  private app(id: string): AppPresence {
    let app = this.apps.get(id);
    if (!app) this.apps.set(id, (app = { channels: new Map(), members: 0 }));
    return app;
  }

  private open(channels: Map<string, PresenceChannel>, app: string, name: string): PresenceChannel {
    if (this.channels >= this.limits.channels) throw crowded();
    const channel = new PresenceChannel(app, name, this.around, (idle) => {
      idle.close();
      channels.delete(name);
      this.channels -= 1;
      if (channels.size === 0) this.apps.delete(app);
    });
    channels.set(name, channel);
    this.channels += 1;
    return channel;
  }
}

function listText(
  members: readonly Member[],
  count: number,
  version: number,
  epoch: string,
): string {
  const texts = members.map((member) => member.text).join();
  return `{"members":[${texts}],"count":${count},"version":${version},"epoch":${JSON.stringify(epoch)}}`;
}
