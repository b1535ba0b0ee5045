import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import type { Tx } from '#database';
import { Clock } from '../../data/clock.js';

const HOW_MANY = 10;

/** What signs in once instead of a code, when the authenticator app is lost. Kept as hashes. */
@Injectable()
export class RecoveryCodes {
  private readonly key: Buffer;

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) secrets: Secrets,
  ) {
    this.key = secrets.derive('session');
  }

  /** Those from before are worth nothing. */
  async make(tx: Tx, personId: string): Promise<string[]> {
    const codes = Array.from({ length: HOW_MANY }, newCode);
    await this.drop(tx, personId);
    await tx.recoveryCode.createMany({
      data: codes.map((code) => ({ personId, codeHash: this.hash(personId, plain(code)) })),
    });
    return codes;
  }

  /** True once for each, however it is written. */
  async take(tx: Tx, personId: string, code: string): Promise<boolean> {
    const { count } = await tx.recoveryCode.updateMany({
      where: { personId, codeHash: this.hash(personId, plain(code)), usedAt: null },
      data: { usedAt: new Date(this.clock.now()) },
    });
    return count === 1;
  }

  left(tx: Tx, personId: string): Promise<number> {
    return tx.recoveryCode.count({ where: { personId, usedAt: null } });
  }

  async drop(tx: Tx, personId: string): Promise<void> {
    await tx.recoveryCode.deleteMany({ where: { personId } });
  }

  private hash(personId: string, text: string): string {
    return createHmac('sha256', this.key).update(`recovery:${personId}:${text}`).digest('hex');
  }
}

/** Without what people put between its parts. */
export function plain(code: string): string {
  return code.replace(/[\s-]/g, '').toLowerCase();
}

/** 60 bits, in letters and digits that are not mistaken for each other; never six digits. */
function newCode(): string {
  const letters = 'abcdefghjkmnpqrstvwxyz23456789xk';
  const text = [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join('');
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`;
}
