import { GROUP_LIMIT, type From, type Problem } from '#contracts';
import type { Engine, Place } from '#engine';
import type { Deadlines } from '../deadlines.js';
import type { KeyedHash } from '../keyed-hash.js';
import { closing, crowded, unreadable } from '../problems.js';
import { checkFrom, StartingPoints } from '../starting-point.js';
import type { Clock, HoldOwner, MediatorHooks } from '../types.js';
import { AckIds } from './ack-ids.js';
import type { AckOutcome } from './acks.js';
import { DeadLetters } from './dead-letters.js';
import { GroupJournal, beginJournal, recoverJournal } from './group-journal.js';
import type { Recovered } from './group-journal.js';
import { GroupList } from './group-list.js';
import { groupKey, journalOf } from './group-names.js';
import { GroupRegistry } from './group-registry.js';
import type { GroupSnapshot } from './group-state.js';
import { Group } from './group.js';
import { Member } from './member.js';
import { groupDeleted, logFault, noGroup } from './problems.js';
import type {
  AckOrder,
  DeadPage,
  GroupOrder,
  GroupPage,
  GroupQuery,
  GroupRef,
  GroupReport,
  GroupSettings,
  MemberHold,
  MemberReceiver,
  MemberRequest,
} from './types.js';

/** Groups in memory at most. */
const LOADED = 100_000;
const NOW: From = { kind: 'now' };

export interface GroupsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly secret: Uint8Array;
  /** Must never repeat. */
  readonly newId: () => string;
  readonly hooks: MediatorHooks;
}

/**
 * Every group of this node. A group is recovered from its journal when somebody asks for it and leaves
 * memory when nobody has for a while. With an engine of many nodes, the lease of a group is taken in
 * `recover`, before its journal is read, and members are sent on to the node that has it.
 */
export class Groups {
  private readonly loaded = new Map<string, Group>();
  /** What has to happen alone with a group: recovering, creating, deleting it. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly members = new Set<Member>();
  private readonly registry: GroupRegistry;
  private readonly all: GroupList;
  private readonly points: StartingPoints;
  private readonly key: KeyedHash;
  private isDraining = false;
  private isClosed = false;

  constructor(private readonly o: GroupsOptions) {
    this.registry = new GroupRegistry(o.engine);
    this.all = new GroupList(o.engine, this.registry, (ref) => this.open(ref));
    this.points = new StartingPoints(o.engine, o.deadlines);
    this.key = AckIds.key(o.secret);
  }

  /** Creates the group, or changes the settings that the order names. */
  put(ref: GroupRef, order: GroupOrder): Promise<{ created: boolean; settings: GroupSettings }> {
    return this.alone(ref, async () => {
      const group = this.loaded.get(groupKey(ref)) ?? (await this.recover(ref));
      if (!group) return { created: true, settings: await this.create(ref, order) };
      const { settings } = group.state;
      await group.change(
        order.visibility ?? settings.visibility,
        order.maxAttempts ?? settings.maxAttempts,
      );
      return { created: false, settings: group.state.settings };
    });
  }

  async report(ref: GroupRef): Promise<GroupReport> {
    return (await this.find(ref)).report();
  }

  /** Of all channels of an app; lags are counted a little way only. */
  page(query: GroupQuery): Promise<GroupPage> {
    return this.all.page(query);
  }

  async list(app: string, channel: string): Promise<GroupReport[]> {
    const names = await this.registry.names(app, channel).catch(asProblem);
    const groups = await Promise.all(names.map((group) => this.open({ app, channel, group })));
    return Promise.all(groups.flatMap((group) => (group ? [group.report()] : [])));
  }

  /** Resolves when the group is gone for good; its dead letters go with it. */
  remove(ref: GroupRef): Promise<void> {
    return this.alone(ref, async () => {
      const group = this.loaded.get(groupKey(ref)) ?? (await this.recover(ref));
      if (!group) throw noGroup(ref);
      await group.remove(groupDeleted(ref));
      await this.registry.remove(ref.app, ref.channel, ref.group);
      await new DeadLetters(this.o.engine, ref).purge();
      await this.o.engine.purge(journalOf(ref));
    });
  }

  /** Calls `receiver` once, when there is something for this member or its time is over. */
  receive(request: MemberRequest, receiver: MemberReceiver): MemberHold {
    const { clock, deadlines, hooks } = this.o;
    const all = this.members;
    const member = new Member(request, receiver, { clock, deadlines, hooks, all });
    if (this.isClosed) member.refuse(closing(), 'drain');
    else if (this.isDraining) member.hurry();
    this.open(request.ref).then(
      (group) => {
        if (member.isSettled) return;
        if (group) group.admit(member);
        else member.refuse(noGroup(request.ref), 'refused');
      },
      (fault: unknown) => member.refuse(logFault(fault), 'refused'),
    );
    return member;
  }

  /** Resolves when every outcome is durable. Throws `not_found`, or why it could not be noted. */
  async settle(ref: GroupRef, order: AckOrder): Promise<AckOutcome[]> {
    return (await this.find(ref)).settle(order);
  }

  async deadLetters(ref: GroupRef, after: number | null, limit: number): Promise<DeadPage> {
    await this.find(ref);
    return new DeadLetters(this.o.engine, ref).page(after, limit).catch(asProblem);
  }

  /** Refuses every member whose credential matches. Returns how many. */
  endHolds(matches: (owner: HoldOwner) => boolean, problem: Problem): number {
    const ending = [...this.members].filter(({ request }) => matches(request.owner));
    for (const member of ending) member.refuse(problem, 'revoked');
    return ending.length;
  }

  holdCount(): number {
    return this.members.size;
  }

  /** Members of an app's groups that are held now, by the channel they read. */
  holdsByChannel(app: string): Map<string, number> {
    const holds = new Map<string, number>();
    for (const { request } of this.members) {
      const { ref } = request;
      if (ref.app === app) holds.set(ref.channel, (holds.get(ref.channel) ?? 0) + 1);
    }
    return holds;
  }

  /** Answers every member, and from now on at once. */
  drain(): void {
    this.isDraining = true;
    for (const member of [...this.members]) member.hurry();
  }

  close(): void {
    this.isClosed = true;
    for (const group of [...this.loaded.values()]) group.close(closing());
    for (const member of [...this.members]) member.refuse(closing(), 'drain');
  }

  private async find(ref: GroupRef): Promise<Group> {
    const group = await this.open(ref);
    if (!group) throw noGroup(ref);
    return group;
  }

  private async open(ref: GroupRef): Promise<Group | null> {
    const key = groupKey(ref);
    return (
      this.loaded.get(key) ??
      this.alone(ref, async () => this.loaded.get(key) ?? (await this.recover(ref)))
    );
  }

  /** One after the other for each group; throws Problems only. */
  private async alone<T>(ref: GroupRef, work: () => Promise<T>): Promise<T> {
    const key = groupKey(ref);
    const before = this.turns.get(key);
    const mine = (before ?? Promise.resolve()).then(work, work);
    this.turns.set(key, mine);
    try {
      return await mine;
    } catch (fault) {
      throw logFault(fault);
    } finally {
      if (this.turns.get(key) === mine) this.turns.delete(key);
    }
  }

  private async recover(ref: GroupRef): Promise<Group | null> {
    if (this.isClosed) throw closing();
    if (this.loaded.size >= LOADED) throw crowded();
    const recovered = await recoverJournal(this.o.engine, journalOf(ref), this.o.deadlines);
    return recovered && this.load(ref, recovered);
  }

  private async create(ref: GroupRef, order: GroupOrder): Promise<GroupSettings> {
    const { engine, clock, newId } = this.o;
    const from = order.from?.from ?? NOW;
    checkFrom(from);
    const place = await this.startOf(ref, from);
    await this.registry.add(ref.app, ref.channel, ref.group, order.maxGroups);
    const settings: GroupSettings = {
      from: order.from?.text ?? 'now',
      visibility: order.visibility ?? GROUP_LIMIT.visibilityDefaultSeconds,
      maxAttempts: order.maxAttempts ?? GROUP_LIMIT.maxAttemptsDefault,
      createdAt: clock.now(),
    };
    const snapshot: GroupSnapshot = {
      generation: newId(),
      settings,
      epoch: place.epoch,
      frontier: place.position,
      serial: 0,
      dead: 0,
      rows: [],
    };
    const last = await beginJournal(engine, journalOf(ref), snapshot);
    this.load(ref, { snapshot, events: [], last, entries: 0, isWhole: true });
    return settings;
  }

  private async startOf({ app, channel }: GroupRef, from: From): Promise<Place> {
    const ref = { app, name: channel };
    if (from.kind !== 'now') {
      return (await this.points.find({ ref }, from, { messages: 1, bytes: 1 })).place;
    }
    const { epoch, last } = await this.o.engine.tail(ref);
    return { epoch, position: last };
  }

  private load(ref: GroupRef, recovered: Recovered): Group {
    const { engine, clock, deadlines } = this.o;
    const { last, entries, snapshot } = recovered;
    const key = groupKey(ref);
    const group = new Group({
      ref,
      engine,
      clock,
      deadlines,
      recovered,
      ids: new AckIds(this.key, ref, snapshot.generation),
      dead: new DeadLetters(engine, ref),
      openJournal: (current) =>
        new GroupJournal({ engine, ref: journalOf(ref), last, entries, snapshot: current }),
      closed: (one) => {
        if (this.loaded.get(key) === one) this.loaded.delete(key);
      },
    });
    this.loaded.set(key, group);
    return group;
  }
}

function asProblem(fault: unknown): never {
  throw unreadable(fault);
}
