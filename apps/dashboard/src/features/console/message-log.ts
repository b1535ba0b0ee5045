import type { Message } from '../../../../../libs/sdk/src/index.js';

/** Messages that are kept on the page; older ones are in the history. */
export const KEPT = 1_000;
/** Milliseconds between two drawings: what comes faster is drawn together. */
const DRAW_MS = 150;

export interface Logged {
  readonly key: number;
  /** As it is shown in a row. */
  readonly preview: string;
  readonly message: Message;
}

export interface LogState {
  readonly rows: readonly Logged[];
  readonly received: number;
  readonly isPaused: boolean;
  /** Arrived since it was paused. */
  readonly waiting: number;
}

const EMPTY: LogState = { rows: [], received: 0, isPaused: false, waiting: 0 };
const PREVIEW = 200;

/**
 * The newest messages of the console. A message costs an entry in an array; React hears of them a few times
 * a second, however many there are.
 */
export class MessageLog {
  #state = EMPTY;
  #pending: Logged[] = [];
  #received = 0;
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly state = (): LogState => this.#state;

  add(message: Message): void {
    this.#received++;
    this.#pending.push({ key: this.#next++, preview: previewOf(message), message });
    if (this.#pending.length > KEPT) this.#pending.shift();
    if (this.#timer === null) this.#timer = setTimeout(() => this.#draw(), DRAW_MS);
  }

  pause(isPaused: boolean): void {
    this.#set({ ...this.#state, isPaused });
    if (!isPaused) this.#draw();
  }

  clear(): void {
    this.#pending = [];
    this.#received = 0;
    this.#set({ ...EMPTY, isPaused: this.#state.isPaused });
  }

  #draw(): void {
    this.#timer = null;
    const received = this.#received;
    if (this.#state.isPaused) {
      this.#set({ ...this.#state, received, waiting: this.#pending.length });
      return;
    }
    const rows = [...this.#pending.reverse(), ...this.#state.rows].slice(0, KEPT);
    this.#pending = [];
    this.#set({ ...this.#state, rows, received, waiting: 0 });
  }

  #set(state: LogState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

function previewOf({ data, name }: Message): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${name === undefined ? '' : `[${name}] `}${text}`.slice(0, PREVIEW);
}
