import { randomUUID } from 'node:crypto';
import type { Subscription } from '../../../libs/contracts/src/index.js';
import { Browser } from '../../demo/callers.js';
import type { World } from '../../demo/world.js';
import { DeliveryClient } from '../../support/delivery-client.js';
import { eventually } from '../../support/eventually.js';
import { SeededRandom } from '../../support/random.js';
import type { FinalLog, PublishAttempt } from '../checker.js';
import { finalLog, publishAll, Reader } from '../workload.js';
import { PATIENCE_MS, timeGoesOn } from './time.js';

/** Messages of each writer's requests: most publish one at a time. */
const SIZES = [1, 1, 1, 1, 1, 1, 3, 12];
export const WRITERS = SIZES.length;
const READERS = 2;
const CHANNELS = ['use:a', 'use:b', 'use:c'];

/** A provider: its account, its subscription at Stripe, its servers that publish and its users that read. */
export class Provider {
  readonly attempts: PublishAttempt[] = [];
  readonly taken: { at: number; messages: number }[] = [];
  readonly readers: Reader[] = [];
  logs: FinalLog[] = [];
  private key = '';

  private constructor(
    private readonly world: World,
    readonly name: string,
    readonly owner: Browser,
    readonly tenantId: string,
    private readonly appId: string,
    private readonly seed: number,
  ) {}

  static async signUp(world: World, name: string, seed: number): Promise<Provider> {
    const login = { email: `${randomUUID()}@provider.example`, password: randomUUID() };
    const owner = new Browser(world.holdline.apiUrl, '/v1/login', login);
    const { tenant, app } = await owner.signUp(name);
    return new Provider(world, name, owner, tenant.id, app.id, seed);
  }

  /** By Stripe's Checkout; done when our side knows, and Stripe keeps this subscription's drafts for us. */
  async subscribe(): Promise<void> {
    const { url } = await eventually('Stripe gives a page to pay on', PATIENCE_MS, () =>
      this.owner.call<{ url: string }>('POST', '/v1/billing/checkout', {
        planId: 'developer',
        currency: 'EUR',
        successUrl: 'https://provider.example/paid',
      }),
    );
    await fetch(url, { redirect: 'manual' });
    await timeGoesOn(this.world, `${this.name} is subscribed`, async () => {
      const { provider, state } = await this.subscription();
      const held = [...this.world.stripe.account.subscriptions.values()].find(
        ({ metadata }) => metadata['holdline_tenant'] === this.tenantId,
      )?.pause_collection;
      return provider === 'stripe' && state === 'active' && held?.behavior === 'keep_as_draft';
    });
  }

  async subscription(): Promise<Subscription> {
    const path = '/v1/billing/plan';
    const { subscription } = await this.owner.call<{ subscription: Subscription }>('GET', path);
    return subscription;
  }

  /**
   * Publishes so many requests a writer, some of them twice, while others read and drop; then all is read
   * to its end.
   */
  async work(batches: number, onAck: () => void): Promise<void> {
    const url = this.world.holdline.deliveryUrl;
    const { key } = await eventually('a key is made', PATIENCE_MS, () =>
      this.owner.call<{ key: string }>('POST', `/v1/apps/${this.appId}/keys`, {}),
    );
    this.key = key;
    const client = await new DeliveryClient(url, key).known();
    for (let n = 0; n < READERS; n++) {
      const token = await client.token({ clientId: `reader-${n}`, ttl: 3600 });
      const reader = new Reader({
        url,
        key: token,
        name: `${this.name}, reader ${n}`,
        channels: CHANNELS,
        dropChance: 0.05,
        random: new SeededRandom(this.seed + 100 + n),
        onTake: (messages) => void this.taken.push({ at: performance.now(), messages }),
      });
      this.readers.push(reader);
    }
    const reading = Promise.all(this.readers.map((reader) => reader.run()));
    const random = new SeededRandom(this.seed);
    const writing = SIZES.map((size, n) =>
      publishAll({
        ...{ url, key, size, batches, onAck },
        name: `w${n}`,
        channel: CHANNELS[n % CHANNELS.length] as string,
        attempts: this.attempts,
        repeats: () => random.chance(0.1),
      }),
    );
    // Whichever fails first says why; nothing of the rest is awaited in vain.
    await Promise.race([reading, Promise.all(writing)]);
    this.logs = await Promise.all(CHANNELS.map((channel) => finalLog(url, this.key, channel)));
    const ends = new Map(this.logs.map((log) => [log.channel, log.entries.at(-1)?.position ?? 0]));
    for (const reader of this.readers) reader.finishAt(ends);
    await reading;
  }

  get published(): number {
    return this.logs.reduce((sum, log) => sum + log.entries.length, 0);
  }

  /** Messages that its readers have for good. */
  get received(): number {
    return this.taken.reduce((sum, { messages }) => sum + messages, 0);
  }

  /** What it asked for, by kind. A duplicate repeats what was acknowledged, a retry what was not. */
  operations(): Record<string, number> {
    const counts = {
      single: 0,
      batch: 0,
      duplicate: 0,
      retry: 0,
      receive: 0,
      'drop and resume': 0,
    };
    const known = new Map<string, PublishAttempt['outcome']>();
    for (const { ids, outcome } of this.attempts) {
      const [first = ''] = ids;
      const before = known.get(first);
      if (before === 'ok') counts.duplicate++;
      else if (before !== undefined) counts.retry++;
      else if (ids.length === 1) counts.single++;
      else counts.batch++;
      known.set(first, outcome);
    }
    for (const { asks, drops } of this.readers) {
      counts.receive += asks - drops;
      counts['drop and resume'] += drops;
    }
    return counts;
  }

  /** What its readers took in the last moments before each of these: so much may not be counted. */
  takenBefore(moments: readonly number[], withinMs: number): number {
    return this.taken
      .filter(({ at }) => moments.some((kill) => at > kill - withinMs && at < kill + LATE_MS))
      .reduce((sum, { messages }) => sum + messages, 0);
  }
}

/** An answer that had gone out before a kill is taken in a little later. */
const LATE_MS = 1_000;
