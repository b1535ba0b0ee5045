import type { Answer } from '#mediator';
import type { Place } from '../edge/places.js';
import type { Handed, Traces, Transport } from './traces.js';

/** What one stream was handed and has not taken yet, while somebody traces. */
export class ConnectionTrace {
  private readonly unwritten = new Set<Handed>();
  private isOver = false;

  constructor(
    private readonly traces: Traces,
    private readonly places: readonly Place[],
    private readonly transport: Transport,
  ) {}

  /** An answer is on its way. */
  handed(answer: Answer): Handed | null {
    if (!this.traces.isOn) return null;
    const handed = this.traces.handed(this.places, answer, this.transport);
    if (handed) this.unwritten.add(handed);
    return handed;
  }

  /** There was nothing for the client in it: what its own filter left out. */
  passed(answer: Answer): void {
    if (this.traces.isOn) this.traces.handed(this.places, answer, this.transport);
  }

  written(handed: Handed | null): void {
    if (!handed) return;
    handed.become('written');
    this.unwritten.delete(handed);
  }

  /** The connection has ended. */
  over(why: 'closed' | 'cut'): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const handed of this.unwritten) handed.become(why);
    if (this.traces.isOn && this.unwritten.size === 0) {
      this.traces.left(this.places, this.transport);
    }
    this.unwritten.clear();
  }
}
