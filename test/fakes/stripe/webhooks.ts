import Stripe from 'stripe';
import type { FakeClock } from './clock.js';

export interface FakeEndpoint {
  readonly url: string;
  readonly secret: string;
  /** Snapshot events and thin ones go to destinations of their own. */
  readonly payload: 'snapshot' | 'thin';
}

export interface Delivery {
  readonly endpoint: FakeEndpoint;
  readonly type: string;
  readonly eventId: string;
  readonly body: string;
  attempts: number;
  /** Milliseconds on the fake clock. */
  dueAt: number;
}

export interface Delivered {
  readonly eventId: string;
  readonly type: string;
  /** null: no answer. */
  readonly status: number | null;
}

const THREE_DAYS_MS = 3 * 24 * 3_600_000;

/**
 * Events on their way to the endpoints. Nothing is sent until `deliver()` is called, so that a test can
 * duplicate, reorder, lose or delay what waits. What is not answered with 2xx is tried again for three days.
 */
export class FakeWebhooks {
  readonly endpoints: FakeEndpoint[] = [];
  /** In the order in which they are sent; a test may change it as it likes. */
  pending: Delivery[] = [];

  constructor(private readonly clock: FakeClock) {}

  enqueue(type: string, eventId: string, body: string, payload: FakeEndpoint['payload']): void {
    for (const endpoint of this.endpoints) {
      if (endpoint.payload !== payload) continue;
      this.pending.push({ endpoint, type, eventId, body, attempts: 0, dueAt: this.clock.now() });
    }
  }

  /** Everything that waits is sent once more. */
  duplicate(): void {
    this.pending.push(...this.pending.map((delivery) => ({ ...delivery })));
  }

  reverse(): void {
    this.pending.reverse();
  }

  /** They are never sent: only `GET /v1/events` still tells of them. */
  lose(which: (delivery: Delivery) => boolean = () => true): void {
    this.pending = this.pending.filter((delivery) => !which(delivery));
  }

  delay(ms: number, which: (delivery: Delivery) => boolean = () => true): void {
    for (const delivery of this.pending) if (which(delivery)) delivery.dueAt += ms;
  }

  /** Sends what is due, one after another, and says how each was answered. */
  async deliver(): Promise<Delivered[]> {
    const now = this.clock.now();
    const due = this.pending.filter(({ dueAt }) => dueAt <= now);
    this.pending = this.pending.filter(({ dueAt }) => dueAt > now);
    const sent: Delivered[] = [];
    for (const delivery of due) {
      const status = await this.post(delivery);
      sent.push({ eventId: delivery.eventId, type: delivery.type, status });
      if (status !== null && status >= 200 && status < 300) continue;
      const wait = Math.min(60_000 * 2 ** delivery.attempts++, 8 * 3_600_000);
      delivery.dueAt = now + wait;
      if (wait < THREE_DAYS_MS && delivery.attempts < 16) this.pending.push(delivery);
    }
    return sent;
  }

  private async post({ endpoint, body }: Delivery): Promise<number | null> {
    try {
      const answer = await fetch(endpoint.url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': sign(body, endpoint.secret, this.clock.seconds()),
        },
        signal: AbortSignal.timeout(20_000),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return null;
    }
  }
}

/** The header as Stripe makes it. */
export function sign(payload: string, secret: string, timestamp: number): string {
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
}
