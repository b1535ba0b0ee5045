import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#database';
import { Clock } from '../../data/clock.js';

const LIFE_MS = 5 * 60_000;

/** What authenticators are asked to sign. Each is good once, for one purpose, for five minutes. */
@Injectable()
export class Challenges {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** @param userId null: to sign in, by whoever it is */
  async make(userId: string | null): Promise<string> {
    const challenge = randomBytes(32).toString('base64url');
    const now = this.clock.now();
    await this.database.asSystem(async (tx) => {
      await tx.passkeyChallenge.deleteMany({ where: { expiresAt: { lte: new Date(now) } } });
      await tx.passkeyChallenge.create({
        data: { challenge, userId, expiresAt: new Date(now + LIFE_MS) },
      });
    });
    return challenge;
  }

  /** True for one that was made for this purpose and is not over; it is worth nothing from then on. */
  async take(challenge: string, userId: string | null): Promise<boolean> {
    const { count } = await this.database.asSystem((tx) =>
      tx.passkeyChallenge.deleteMany({
        where: { challenge, userId, expiresAt: { gt: new Date(this.clock.now()) } },
      }),
    );
    return count === 1;
  }
}
