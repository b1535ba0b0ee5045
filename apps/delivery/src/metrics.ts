import { PROBLEMS, type Problem } from '#contracts';
import type { MediatorHooks } from '#mediator';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** The data plane's metrics. The help texts say what a rise means. */
export class DeliveryMetrics {
  readonly registry = new Registry();
  private readonly refusals: Counter<'code'>;
  /** Plain numbers on the hot path; they become metrics when somebody asks for them. */
  private readonly settled = { messages: 0, timeout: 0, gone: 0, revoked: 0, drain: 0, refused: 0 };
  private heldMs = 0;
  private delivered = 0;
  private published = 0;
  private backstops = 0;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.refusals = new Counter({
      name: 'holdline_refusals_total',
      help: 'Refused requests by problem code.',
      labelNames: ['code'],
      registers,
    });
    const { settled } = this;
    new Counter({
      name: 'holdline_holds_settled_total',
      help: 'Held requests by how they ended. Many "gone" mean that something on the path cuts them.',
      labelNames: ['why'],
      registers,
      collect() {
        this.reset();
        for (const [why, holds] of Object.entries(settled)) this.inc({ why }, holds);
      },
    });
    this.total(
      registers,
      'holdline_held_seconds_total',
      'Seconds that requests were held, all added up.',
      () => this.heldMs / 1000,
    );
    this.total(
      registers,
      'holdline_messages_delivered_total',
      'Messages handed to receivers.',
      () => this.delivered,
    );
    this.total(
      registers,
      'holdline_messages_published_total',
      'Messages stored.',
      () => this.published,
    );
    this.total(
      registers,
      'holdline_backstop_total',
      'Messages found by the check at the end of a hold: a rise means that wakes get lost.',
      () => this.backstops,
    );
    for (const code of Object.keys(PROBLEMS)) this.refusals.inc({ code }, 0);
  }

  /** A value that is read when the metrics are asked for. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  refused(problem: Problem): void {
    this.refusals.inc({ code: problem.code });
  }

  hooks(): MediatorHooks {
    return {
      settled: (why, heldMs) => {
        this.settled[why]++;
        this.heldMs += heldMs;
      },
      delivered: (_app, _channel, messages) => {
        this.delivered += messages;
      },
      published: (messages) => {
        this.published += messages;
      },
      backstop: () => {
        this.backstops++;
      },
    };
  }

  private total(registers: Registry[], name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}
