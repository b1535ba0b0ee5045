import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeStripe } from '../fakes/stripe/fake-stripe.js';
import { eventually } from '../support/eventually.js';
import { startHoldline, type Holdline } from '../support/holdline.js';

/** What must come about in another process within moments, on a machine that has much else to do. */
export const SOON_MS = 100_000;
const PUMP_MS = 100;

/**
 * A Holdline of real processes, and a Stripe beside it that lives in this one. Both have one time: the
 * world's, and what the demonstration has moved it by. Delivery alone stays on the world's.
 */
export class World {
  /** What happens to Stripe's webhooks on their way, before each time that they are sent. */
  disturb: (webhooks: FakeStripe['webhooks']) => void = () => undefined;
  private movedMs = 0;
  private isMoving = false;
  private stopped = false;
  private life: Promise<void> = Promise.resolve();

  private constructor(
    readonly holdline: Holdline,
    readonly stripe: FakeStripe,
    private readonly folder: string,
  ) {}

  /** @param movedMs where time begins, from now on */
  static async start(movedMs: number): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'holdline-demo-'));
    const clockFile = join(folder, 'clock');
    writeFileSync(clockFile, String(movedMs));
    const stripe = await new FakeStripe(new Date(Date.now() + movedMs)).start();
    const secret = `whsec_${randomBytes(24).toString('hex')}`;
    try {
      const holdline = await startHoldline({
        dataDir: join(folder, 'data'),
        env: {
          STRIPE_SECRET_KEY: 'sk_test_demo',
          STRIPE_WEBHOOK_SECRET: secret,
          STRIPE_HOST: stripe.url,
          HOLDLINE_CLOCK_FILE: clockFile,
          WEBHOOK_ALLOW_PRIVATE: 'true',
        },
      });
      for (const payload of ['snapshot', 'thin'] as const) {
        const url = `${holdline.apiUrl}/v1/stripe/webhook`;
        stripe.webhooks.endpoints.push({ url, secret, payload });
      }
      const world = new World(holdline, stripe, folder);
      world.movedMs = movedMs;
      world.life = world.live();
      // Ended by hand: nothing is left running, and nothing is left lying about.
      for (const name of ['SIGINT', 'SIGTERM'] as const)
        process.once(name, () => void world.stop().finally(() => process.exit(1)));
      return world;
    } catch (error) {
      await stripe.stop();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  now(): number {
    return Date.now() + this.movedMs;
  }

  /** Lets time pass in a moment; returns when the control plane and Stripe are there. */
  async moveTo(moment: number): Promise<void> {
    this.isMoving = true;
    const movedMs = Math.round(moment - Date.now());
    writeFileSync(join(this.folder, 'clock'), String(movedMs));
    await eventually('the control plane has taken the new time over', SOON_MS, () =>
      this.holdline.output().includes(`moved by ${movedMs} ms`),
    );
    this.movedMs = movedMs;
    this.isMoving = false;
    this.stripe.advanceTo(new Date(this.now()));
  }

  /** Checks at this world's time what can only look at the process's own. */
  atItsTime<T>(check: () => T): T {
    const real = Date.now;
    const { movedMs } = this;
    Date.now = () => real() + movedMs;
    try {
      return check();
    } finally {
      Date.now = real;
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.life;
    try {
      await this.holdline.stop();
    } finally {
      await this.stripe.stop();
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** What Stripe does by itself: its time goes on, and its events are sent until they are taken. */
  private async live(): Promise<void> {
    while (!this.stopped) {
      if (!this.isMoving) {
        this.stripe.advanceTo(new Date(this.now()));
        this.disturb(this.stripe.webhooks);
        await this.stripe.webhooks.deliver();
      }
      await delay(PUMP_MS);
    }
  }
}
