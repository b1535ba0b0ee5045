import type { Problem } from '#contracts';
import type { Engine, ReadLimit } from '#engine';
import { joinMessages } from '../answer-text.js';
import { Timed } from '../deadlines.js';
import type { Deadlines } from '../deadlines.js';
import { Outgoing, wireHead } from '../message-text.js';
import { unreadable } from '../problems.js';
import type { Clock } from '../types.js';
import { settleAcks } from './acks.js';
import type { AckOutcome } from './acks.js';
import type { AckIds } from './ack-ids.js';
import { Burial } from './burial.js';
import type { DeadLetters } from './dead-letters.js';
import type { GroupJournal, Recovered } from './group-journal.js';
import { GroupState, type GroupEvent, type GroupSnapshot, type InFlight } from './group-state.js';
import type { Member, MemberHost } from './member.js';
import { logFault } from './problems.js';
import { Supply } from './supply.js';
import type { Offer, SupplyHost } from './supply.js';
import type { AckOrder, GroupRef, GroupReport } from './types.js';

/** Milliseconds without use after which a group leaves memory; everything it knows is in its journal. */
const IDLE_MS = 60_000;
/** Added to deadlines in the journal: the answer goes out a little after they were worked out. */
const SLACK_MS = 1000;
/** How far a group's lag is counted. */
const LAG_PAGE = { messages: 10_000, bytes: 16 * 1024 * 1024 };

export interface GroupOptions {
  readonly ref: GroupRef;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly ids: AckIds;
  readonly recovered: Recovered;
  readonly dead: DeadLetters;
  readonly openJournal: (snapshot: () => GroupSnapshot) => GroupJournal;
  /** The group is not in use any more; whoever needs it recovers it from its journal. */
  readonly closed: (group: Group) => void;
}

/**
 * A group in memory, on the node that owns it. What it decides takes effect in memory at once and is
 * told to nobody before it is in the journal; if the journal fails, memory is thrown away and read anew.
 */
export class Group extends Timed implements MemberHost {
  readonly state: GroupState;
  private readonly journal: GroupJournal;
  private readonly supply: Supply;
  private readonly burial: Burial;
  private readonly head: string;
  /** Members in the order they came. */
  private readonly waiting = new Set<Member>();
  /** Members whose answer waits for the journal. */
  private readonly handing = new Set<Member>();
  private isClosed = false;

  constructor(private readonly o: GroupOptions) {
    super();
    const { recovered, engine, deadlines, ref, clock } = o;
    this.head = wireHead(ref.channel);
    this.state = new GroupState(recovered.snapshot, {
      due: (entry) => this.due(entry),
      disarm: (entry) => deadlines.disarm(entry),
    });
    for (const event of recovered.events) this.state.apply(event);
    this.journal = o.openJournal(() => this.state.snapshot());
    const channel = { app: ref.app, name: ref.channel };
    this.supply = new Supply({ engine, deadlines, channel, host: this.supplyHost() });
    this.burial = new Burial({
      dead: o.dead,
      supply: this.supply,
      generation: this.state.generation,
      clock,
      deadlines,
      record: (event) => this.record(event),
      failed: (fault) => this.fail(fault),
    });
    // A journal with holes says less than what happened: then messages come again rather than not at all.
    if (!recovered.isWhole) this.supply.noteDamage();
    for (const entry of [...this.state.inFlight.values()]) {
      if (entry.phase === 'again') this.supply.putBack(entry.position);
      else if (entry.due > clock.now()) deadlines.arm(entry, entry.due - clock.now());
      else this.due(entry);
    }
    this.touch();
  }

  /** Takes a member in; it is answered as soon as there is something for it. */
  admit(member: Member): void {
    member.host = this;
    this.touch();
    this.waiting.add(member);
    this.pump();
  }

  /** Rejects with a Problem if what was decided could not be noted. */
  async settle(order: AckOrder): Promise<AckOutcome[]> {
    this.touch();
    const { state, supply, burial } = this;
    const { deadlines, clock, ids } = this.o;
    const { outcomes, done } = settleAcks(order, {
      state,
      ids,
      now: clock.now(),
      slackMs: SLACK_MS,
      record: (event) => this.record(event),
      again: (entry) => supply.putBack(entry.position),
      bury: (entry) => burial.add(entry, 'nacked'),
      extend: (entry, ms) => deadlines.arm(entry, ms),
    });
    this.pump();
    await Promise.all(done);
    return outcomes;
  }

  async change(visibility: number, maxAttempts: number): Promise<void> {
    this.touch();
    const { settings } = this.state;
    if (settings.visibility === visibility && settings.maxAttempts === maxAttempts) return;
    await this.record(['changed', visibility, maxAttempts]);
  }

  /** @param counted how far the lag is counted. */
  async report(counted: ReadLimit = LAG_PAGE): Promise<GroupReport> {
    this.touch();
    const { engine, ref } = this.o;
    const { state } = this;
    const place = { epoch: state.epoch, position: state.frontier };
    const read = await engine
      .read({ app: ref.app, name: ref.channel }, place, counted)
      .catch((fault: unknown) => {
        throw unreadable(fault);
      });
    let waiting = 0;
    for (const { phase } of state.inFlight.values()) if (phase === 'again') waiting += 1;
    return {
      ...state.settings,
      group: ref.group,
      lag: waiting + read.messages.length,
      lagIsMore: read.more,
      waiting,
      inFlight: state.inFlight.size - waiting,
      deadLetters: state.dead,
      members: this.waiting.size + this.handing.size,
    };
  }

  /** From now on there is no such group: its members are refused. Resolves when that is durable. */
  async remove(problem: Problem): Promise<void> {
    this.close(problem);
    await this.journal.end();
  }

  /** Lets go of everything; whoever waits is refused. Idempotent. */
  close(problem: Problem): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const { deadlines } = this.o;
    this.supply.close();
    deadlines.disarm(this);
    for (const entry of this.state.inFlight.values()) deadlines.disarm(entry);
    for (const member of [...this.waiting, ...this.handing]) member.refuse(problem, 'refused');
    this.o.closed(this);
  }

  over(): void {
    if (this.o.engine.capabilities.nodes === 'many') this.supply.doubt();
    this.pump();
  }

  left(member: Member): void {
    this.waiting.delete(member);
    this.handing.delete(member);
    if (this.isClosed) return;
    const rows: [number, number][] = [];
    for (const { position, serial } of member.handed) {
      const entry = this.state.inFlight.get(position);
      if (entry?.serial === serial && entry.phase === 'held') {
        rows.push([position, entry.attempt - 1]);
      }
    }
    if (rows.length === 0) return;
    void this.record(['returned', rows]);
    for (const [position] of rows) this.supply.putBack(position);
    this.pump();
  }

  /** Nobody has used it for a while. */
  expire(): void {
    let isBusy = this.waiting.size + this.handing.size > 0 || !this.journal.isIdle;
    for (const { phase } of this.state.inFlight.values()) isBusy ||= phase !== 'again';
    if (isBusy) this.touch();
    else this.close(unreadable(undefined));
  }

  private touch(): void {
    if (!this.isClosed) this.o.deadlines.arm(this, IDLE_MS);
  }

  /** Hands out what there is, fairly; then lets those go whose time is over. */
  private pump(): void {
    if (this.isClosed || this.waiting.size === 0) return;
    const { waiting, supply } = this;
    supply.refresh();
    for (const member of waiting) {
      if (supply.size === 0) break;
      const share = Math.ceil(supply.size / waiting.size);
      this.hand(member, supply.take(Math.min(member.request.limit, share)));
    }
    supply.kick();
    if (!supply.isQuiet) return;
    for (const member of waiting) {
      if (supply.hasLost) this.answerNothing(member, false);
      else if (member.isOver) this.answerNothing(member, true);
    }
  }

  private hand(member: Member, offers: readonly Offer[]): void {
    const { state } = this;
    const visibility = (member.request.visibility ?? state.settings.visibility) * 1000;
    const due = this.o.clock.now() + visibility + SLACK_MS;
    let { frontier, serial } = state;
    const rows = offers.map(({ stored: { position }, entry }) => {
      frontier = Math.max(frontier, position);
      serial += 1;
      return [position, (entry?.attempt ?? 0) + 1, serial, due] as const;
    });
    member.handed = rows.map(([position, , of]) => ({ position, serial: of }));
    this.waiting.delete(member);
    this.handing.add(member);
    this.record(['handed', frontier, rows]).then(
      () => this.give(member, offers, visibility),
      () => {},
    );
  }

  /** What was taken for a member is noted: its time begins now. */
  private give(member: Member, offers: readonly Offer[], visibility: number): void {
    if (!this.handing.delete(member)) return;
    let fresh = 0;
    const texts = offers.map(({ stored }, i) => {
      const handing = member.handed[i]!;
      const entry = this.state.inFlight.get(handing.position)!;
      this.o.deadlines.arm(entry, visibility);
      if (entry.attempt === 1) fresh += 1;
      const wire = new Outgoing(stored).wire(this.head);
      const end = `,"ackId":"${this.o.ids.encode(handing)}","attempt":${entry.attempt}}`;
      return Buffer.concat([wire.subarray(0, -1), Buffer.from(end)]);
    });
    const end = `],"timedOut":false,"lost":${JSON.stringify(this.supply.takeLost())}}`;
    const answer = { body: joinMessages(texts, end), messages: texts.length, fresh };
    const isAgain = fresh < texts.length;
    member.answer(answer, 'messages', isAgain ? 0 : offers[0]!.stored.timestamp);
  }

  private answerNothing(member: Member, timedOut: boolean): void {
    this.waiting.delete(member);
    const end = `],"timedOut":${timedOut},"lost":${JSON.stringify(this.supply.takeLost())}}`;
    const body = joinMessages([], end);
    member.answer({ body, messages: 0, fresh: 0 }, timedOut ? 'timeout' : 'messages');
  }

  /** A member's time for a message is over. */
  private due(entry: InFlight): void {
    if (entry.phase !== 'held' || this.isClosed) return;
    const { maxAttempts } = this.state.settings;
    if (maxAttempts > 0 && entry.attempt >= maxAttempts) {
      void this.burial.add(entry, 'expired');
      return;
    }
    this.state.again(entry.position);
    this.supply.putBack(entry.position);
    this.pump();
  }

  private record(event: GroupEvent): Promise<void> {
    this.state.apply(event);
    const noted = this.journal.write(event);
    noted.catch((fault: unknown) => this.fail(fault));
    return noted;
  }

  private fail(fault: unknown): void {
    this.close(logFault(fault));
  }

  private supplyHost(): SupplyHost {
    return {
      state: this.state,
      isWanted: () => this.waiting.size > 0,
      record: (event) => void this.record(event),
      supplied: () => this.pump(),
      unreadable: (fault) => {
        for (const member of [...this.waiting]) member.refuse(unreadable(fault), 'refused');
      },
    };
  }
}
