import type { World } from '../../demo/world.js';
import type { Fault } from '../../fakes/stripe/faults.js';
import type { SeededRandom } from '../../support/random.js';

const KINDS = ['conflict', 'rate', 'error', 'lost', 'cut'] as const satisfies Fault['kind'][];
/** How likely a request of ours goes wrong at Stripe, and an event of Stripe's on its way to us. */
const REQUEST_CHANCE = 0.12;
const EVENT_CHANCE = 0.5;

/**
 * A Stripe that goes wrong now and then in every way that its documentation allows: refused for a while,
 * failed with and without having been done; events twice, out of order, or never.
 */
export class BadWeather {
  readonly counts = new Map<string, number>();
  /** Told of each request that arrives at Stripe, before it is answered. */
  onRequest: () => void = () => undefined;
  private silences: number;

  /** @param silences how many requests are done and never answered: each costs its caller 20 s */
  constructor(world: World, random: SeededRandom, silences: number) {
    this.silences = silences;
    world.stripe.faults.weather = (request) => {
      if (!request.includes(' /v1/')) return null;
      this.onRequest();
      if (!random.chance(REQUEST_CHANCE)) return null;
      const kind = this.silence(request) ?? KINDS[random.below(KINDS.length)] ?? null;
      if (kind !== null) this.count(kind);
      return kind;
    };
    world.disturb = (webhooks) => {
      if (webhooks.pending.length === 0 || !random.chance(EVENT_CHANCE)) return;
      const how = random.below(3);
      this.count(['events twice', 'events out of order', 'an event lost'][how] ?? '');
      if (how === 0) webhooks.duplicate();
      else if (how === 1) webhooks.reverse();
      else {
        const gone = webhooks.pending[random.below(webhooks.pending.length)];
        webhooks.lose((delivery) => delivery === gone);
      }
    };
  }

  summary(): string {
    return [...this.counts].map(([kind, count]) => `${count} × ${kind}`).join(', ');
  }

  private silence(request: string): 'silent' | null {
    if (this.silences === 0 || !request.startsWith('POST /v1/billing/meter_events')) return null;
    this.silences--;
    return 'silent';
  }

  private count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
