import type { ProblemCode } from '../../../contracts/src/problems.js';
import type { Clock } from '../clock.js';
import type { Log } from './fake-holdline.js';

/** The server lets no stream be silent for longer. */
const HEARTBEAT_MS = 15_000;

interface Open {
  readonly epoch: string;
  readonly places: Record<string, number>;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  cancel: () => void;
}

/** Streams of lines as Holdline writes them, and what may happen to them on the way. */
export class FakeStreams {
  /** The path gathers everything from now on: no byte of a stream gets through, its head neither. */
  isBuffered = false;
  /** Messages that the server leaves out of streams, as a faulty one would. */
  skipped = new Set<unknown>();
  opened = 0;
  readonly #open = new Set<Open>();
  readonly #clock: Clock;
  readonly #log: (channel: string) => Log;

  constructor(clock: Clock, log: (channel: string) => Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get count(): number {
    return this.#open.size;
  }

  open(epoch: string, places: Record<string, number>, signal: AbortSignal): Promise<Response> {
    this.opened++;
    if (this.isBuffered) {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      });
    }
    let one: Open | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        one = { epoch, places: { ...places }, controller, cancel: () => undefined };
        this.#open.add(one);
        signal.addEventListener('abort', () => {
          this.#open.delete(one as Open);
          one?.cancel();
          controller.error(new DOMException('aborted', 'AbortError'));
        });
        if (!this.#send(one)) this.#cursor(one);
        this.#beat(one);
      },
    });
    const headers = { 'content-type': 'application/x-ndjson' };
    return Promise.resolve(new Response(body, { headers }));
  }

  published(): void {
    for (const one of [...this.#open]) this.#send(one);
  }

  /** The line breaks under all of them. */
  cut(): void {
    for (const one of [...this.#open]) {
      this.#open.delete(one);
      one.cancel();
      one.controller.error(new TypeError('cut'));
    }
  }

  /** Their bytes stay away, and nobody is told. */
  swallow(): void {
    for (const one of [...this.#open]) {
      this.#open.delete(one);
      one.cancel();
    }
  }

  /** The last word of all of them. */
  end(code: ProblemCode, status: number): void {
    for (const one of [...this.#open]) {
      this.#line(one, { type: 'problem', problem: { code, status, detail: `Refused: ${code}.` } });
      this.#open.delete(one);
      one.cancel();
      one.controller.close();
    }
  }

  /** Says to all of them what is missing of a channel. */
  lose(channel: string, reason: string, count: number): void {
    const { last } = this.#log(channel);
    for (const one of this.#open) {
      const from = one.places[channel] ?? 0;
      const lost = { reason, count };
      this.#line(one, { type: 'lost', channel, epoch: one.epoch, from, to: last, lost });
      this.#cursor(one);
    }
  }

  #send(one: Open): boolean {
    let isAny = false;
    for (const channel of Object.keys(one.places)) {
      const at = one.places[channel] as number;
      for (const message of this.#log(channel).messages) {
        if (message.position <= at) continue;
        isAny = true;
        if (!this.skipped.has(message.data)) this.#line(one, message);
        one.places[channel] = message.position;
      }
    }
    if (isAny) this.#cursor(one);
    return isAny;
  }

  #cursor(one: Open): void {
    const { epoch, places } = one;
    this.#line(one, { type: 'cursor', cursor: JSON.stringify({ epoch, places }) });
  }

  /** In two pieces: a line need not arrive whole. */
  #line(one: Open, value: unknown): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
    one.controller.enqueue(bytes.subarray(0, 7));
    one.controller.enqueue(bytes.subarray(7));
  }

  #beat(one: Open): void {
    one.cancel = this.#clock.after(HEARTBEAT_MS, () => {
      if (!this.#open.has(one)) return;
      this.#line(one, { type: 'heartbeat' });
      this.#beat(one);
    });
  }
}
