import type {
  Append,
  AppendEntry,
  AppendResult,
  ChannelRef,
  Engine,
  ReadLimit,
  Retention,
  Stored,
} from '../port.js';

/** One engine under test, started, on a clock that the test turns. */
export interface EngineHarness {
  readonly engine: Engine;
  readonly clock: TestClock;
  stop(): Promise<void>;
}

export class TestClock {
  constructor(private time = Date.UTC(2026, 0, 1, 12)) {}

  now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

export const DAY: Retention = { seconds: 86_400, messages: null };
export const ALL: ReadLimit = { messages: 10_000, bytes: 64 * 1024 * 1024 };
export const ROOM: ChannelRef = { app: 'app1', name: 'room:1' };
export const OTHER: ChannelRef = { app: 'app1', name: 'room:2' };

let serial = 0;

export function entry(text: string, more: Partial<AppendEntry> = {}): AppendEntry {
  return { id: `id-${++serial}`, idempotent: false, payload: Buffer.from(text), ...more };
}

export function appendOf(
  channel: ChannelRef,
  entries: readonly AppendEntry[],
  retention: Retention = DAY,
): Append {
  return { channel, retention, entries };
}

type Ok = Extract<AppendResult, { ok: true }>;

/** Appends and insists that it went well. */
export async function publish(
  engine: Engine,
  channel: ChannelRef,
  texts: readonly string[],
  retention: Retention = DAY,
): Promise<Ok> {
  return stored(
    await engine.append(
      appendOf(
        channel,
        texts.map((text) => entry(text)),
        retention,
      ),
    ),
  );
}

export function stored(result: AppendResult): Ok {
  if (!result.ok) throw new Error(`the append was refused: ${result.code}`);
  return result;
}

export function texts(messages: readonly Stored[]): string[] {
  return messages.map((message) => Buffer.from(message.payload).toString());
}

/** Messages of one channel in order, with no hole between them. */
export function chainFault(messages: readonly Stored[], from: number): string | null {
  let last = from;
  for (const { position, previous } of messages) {
    if (previous !== last) return `${position} follows ${previous}, not ${last}`;
    if (position <= last) return `${position} does not grow from ${last}`;
    last = position;
  }
  return null;
}
