import { Timed } from '../deadlines.js';
import type { GroupSettings } from './types.js';

/** position, attempt, serial, and when it comes again (ms since 1970; 0: it waits to be handed out). */
type Row = readonly [position: number, attempt: number, serial: number, due: number];

/** What happened to a group. The journal keeps these; applied in order they give its state. */
export type GroupEvent =
  | readonly ['handed', frontier: number, rows: readonly Row[]]
  | readonly ['acked', positions: readonly number[]]
  | readonly ['nacked', positions: readonly number[]]
  /** Handed out, and the answer was not written: with the attempts that count. */
  | readonly ['returned', rows: readonly (readonly [position: number, attempt: number])[]]
  | readonly ['extended', rows: readonly (readonly [position: number, due: number])[]]
  /** Not kept any more. */
  | readonly ['gone', positions: readonly number[]]
  | readonly ['dead', positions: readonly number[]]
  | readonly ['moved', frontier: number, epoch: string]
  | readonly ['changed', visibility: number, maxAttempts: number];

/** A group's whole state as text can hold it. */
export interface GroupSnapshot {
  readonly generation: string;
  readonly settings: GroupSettings;
  readonly epoch: string;
  readonly frontier: number;
  readonly serial: number;
  readonly dead: number;
  readonly rows: readonly Row[];
}

export interface InFlightKeeper {
  /** Its time is over. */
  due(entry: InFlight): void;
  /** It has no deadline any more. */
  disarm(entry: InFlight): void;
}

/** A message that was handed out and is not done. */
export class InFlight extends Timed {
  attempt = 0;
  serial = 0;
  /** Milliseconds since 1970; 0 while it waits to be handed out. */
  due = 0;
  /** `held`: a member has it. `again`: it waits to be handed out. `dying`: on its way to the dead letters. */
  phase: 'held' | 'again' | 'dying' = 'again';

  constructor(
    private readonly keeper: InFlightKeeper,
    readonly position: number,
  ) {
    super();
  }

  expire(): void {
    this.keeper.due(this);
  }
}

/**
 * Where a group stands. Everything up to `frontier` was handed out at least once (or is not kept any
 * more), and what of it is not among `inFlight` is done. So its size does not grow with the channel.
 */
export class GroupState {
  readonly generation: string;
  readonly inFlight = new Map<number, InFlight>();
  settings: GroupSettings;
  /** The log that the positions belong to. */
  epoch: string;
  frontier: number;
  /** Of the newest handing out. */
  serial: number;
  /** Dead letters so far. */
  dead: number;

  constructor(
    snapshot: GroupSnapshot,
    private readonly keeper: InFlightKeeper,
  ) {
    this.generation = snapshot.generation;
    this.settings = snapshot.settings;
    this.epoch = snapshot.epoch;
    this.frontier = snapshot.frontier;
    this.serial = snapshot.serial;
    this.dead = snapshot.dead;
    for (const row of snapshot.rows) this.put(row);
  }

  apply(event: GroupEvent): void {
    switch (event[0]) {
      case 'handed':
        this.frontier = Math.max(this.frontier, event[1]);
        for (const row of event[2]) this.put(row);
        return;
      case 'acked':
      case 'gone':
        for (const position of event[1]) this.remove(position);
        return;
      case 'dead':
        for (const position of event[1]) this.remove(position);
        this.dead += event[1].length;
        return;
      case 'nacked':
        for (const position of event[1]) this.again(position);
        return;
      case 'returned':
        for (const [position, attempt] of event[1]) this.again(position, attempt);
        return;
      case 'extended':
        for (const [position, due] of event[1]) {
          const entry = this.inFlight.get(position);
          if (entry) entry.due = due;
        }
        return;
      case 'moved':
        [, this.frontier, this.epoch] = event;
        return;
      case 'changed': {
        const [, visibility, maxAttempts] = event;
        this.settings = { ...this.settings, visibility, maxAttempts };
      }
    }
  }

  /** The message waits to be handed out (again). */
  again(position: number, attempt?: number): void {
    const entry = this.inFlight.get(position);
    if (!entry) return;
    this.keeper.disarm(entry);
    entry.phase = 'again';
    entry.due = 0;
    if (attempt !== undefined) entry.attempt = attempt;
  }

  snapshot(): GroupSnapshot {
    const { generation, settings, epoch, frontier, serial, dead } = this;
    const rows = [...this.inFlight.values()].map(({ position, attempt, serial: of, due }): Row => [
      position,
      attempt,
      of,
      due,
    ]);
    return { generation, settings, epoch, frontier, serial, dead, rows };
  }

  private put([position, attempt, serial, due]: Row): void {
    let entry = this.inFlight.get(position);
    if (!entry) this.inFlight.set(position, (entry = new InFlight(this.keeper, position)));
    entry.attempt = attempt;
    entry.serial = serial;
    entry.due = due;
    entry.phase = due > 0 ? 'held' : 'again';
    this.serial = Math.max(this.serial, serial);
  }

  private remove(position: number): void {
    const entry = this.inFlight.get(position);
    if (!entry) return;
    this.keeper.disarm(entry);
    this.inFlight.delete(position);
  }
}
