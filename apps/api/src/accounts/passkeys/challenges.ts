import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import { Database, isUniqueViolation } from '#database';
import { Clock } from '../../data/clock.js';

const LIFE_MS = 5 * 60_000;
const RANDOM_BYTES = 24;
const MAC_BYTES = 32;

/**
 * What authenticators are asked to sign, each for one purpose and five minutes. A challenge is signed rather
 * than kept, so that asking for many fills nothing; one that was used is kept until it ends by itself, so that
 * it counts once.
 */
@Injectable()
export class Challenges {
  private readonly key: Buffer;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) secrets: Secrets,
  ) {
    this.key = secrets.derive('session');
  }

  /** @param userId null: to sign in, by whoever it is */
  make(userId: string | null): string {
    const body = Buffer.alloc(RANDOM_BYTES + 8);
    randomBytes(RANDOM_BYTES).copy(body);
    body.writeBigUInt64BE(BigInt(this.clock.now() + LIFE_MS), RANDOM_BYTES);
    return Buffer.concat([body, this.sign(body, userId)]).toString('base64url');
  }

  /** Whether it was made here for this purpose and is not over. */
  isGood(challenge: string, userId: string | null): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== RANDOM_BYTES + 8 + MAC_BYTES) return false;
    // The same bytes could be written in other ways, and each would count once.
    if (bytes.toString('base64url') !== challenge) return false;
    const body = bytes.subarray(0, RANDOM_BYTES + 8);
    if (!timingSafeEqual(bytes.subarray(body.length), this.sign(body, userId))) return false;
    return Number(body.readBigUInt64BE(RANDOM_BYTES)) > this.clock.now();
  }

  /** To be called once an authenticator has signed it. False: it was used before. */
  async spend(challenge: string): Promise<boolean> {
    const now = this.clock.now();
    try {
      await this.database.asSystem(async (tx) => {
        await tx.spentChallenge.deleteMany({ where: { expiresAt: { lte: new Date(now) } } });
        // However long it is good still, that is no longer.
        await tx.spentChallenge.create({
          data: { challenge, expiresAt: new Date(now + LIFE_MS) },
        });
      });
      return true;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return false;
    }
  }

  private sign(body: Buffer, userId: string | null): Buffer {
    const purpose = userId === null ? 'sign-in' : `add:${userId}`;
    return createHmac('sha256', this.key).update(`challenge:${purpose}:`).update(body).digest();
  }
}
