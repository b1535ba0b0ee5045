import { verdictOf } from './errors.js';
import type { StripeParts } from './parts.js';

/** Stripe keeps a key for 24 hours at least; an hour of it is left for clocks that differ. */
const KEY_MS = 23 * 3_600_000;

export interface StoredCall {
  /** Names what is made: it is made once. */
  readonly key: string;
  readonly make: (idempotencyKey: string) => Promise<{ readonly id: string }>;
  /** Looks whether it is there already; null when not. */
  readonly find: () => Promise<string | null>;
  /** The caller looked, and it is not there: had it been made, somebody took it away, and it is made anew. */
  readonly isMissing?: boolean;
}

/**
 * Makes things at Stripe once. The key is stored before the call: after a crash or a lost answer the
 * same call is repeated under the same key, and once Stripe may have forgotten the key it is looked for
 * before it is made again.
 */
export class StoredCalls {
  constructor(private readonly parts: StripeParts) {}

  /** @returns the id of what was made, now or earlier. @throws Stripe's error: try again later */
  async once(call: StoredCall): Promise<string> {
    const { now, step } = this.parts;
    const noted = await this.note(call.key);
    if (noted.result !== null && call.isMissing !== true) return noted.result;
    step?.('call noted');
    let { generation } = noted;
    if (noted.result !== null) generation = await this.renew(call.key, generation);
    if (now() - noted.begunAt.getTime() >= KEY_MS) {
      const found = await call.find();
      if (found !== null) return this.done(call.key, found);
      generation = await this.renew(call.key, generation);
    }
    try {
      const { id } = await call.make(`${call.key}:g${generation}`);
      step?.('call made');
      return await this.done(call.key, id);
    } catch (error) {
      const verdict = verdictOf(error);
      if (verdict !== 'new-key' && verdict !== 'done') throw error;
      const found = await call.find();
      if (found !== null) return this.done(call.key, found);
      if (verdict === 'done') throw error;
      generation = await this.renew(call.key, generation);
      const { id } = await call.make(`${call.key}:g${generation}`);
      return this.done(call.key, id);
    }
  }

  private note(key: string) {
    const begunAt = new Date(this.parts.now());
    return this.parts.database.asSystem(async (tx) => {
      await tx.stripeCall.createMany({ data: [{ key, begunAt }], skipDuplicates: true });
      return tx.stripeCall.findUniqueOrThrow({ where: { key } });
    });
  }

  private async renew(key: string, generation: number): Promise<number> {
    const begunAt = new Date(this.parts.now());
    const data = { generation: generation + 1, begunAt, doneAt: null, result: null };
    await this.parts.database.asSystem((tx) =>
      tx.stripeCall.updateMany({ where: { key, generation }, data }),
    );
    return generation + 1;
  }

  private async done(key: string, result: string): Promise<string> {
    const doneAt = new Date(this.parts.now());
    await this.parts.database.asSystem((tx) =>
      tx.stripeCall.update({ where: { key }, data: { doneAt, result } }),
    );
    return result;
  }
}
