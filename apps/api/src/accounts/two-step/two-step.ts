import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { sealContext, Secrets } from '#access';
import { Problem, type TwoStepSecret } from '#contracts';
import { Database, type Tx } from '#database';
import { generateSecret, generateSync, generateURI } from 'otplib';
import { Clock } from '../../data/clock.js';
import { OwnAudit } from '../own/own-audit.js';
import type { UserActor } from '../own/user-actor.js';

/** Seconds of a code (RFC 6238); one before and one after are taken too, for clocks that differ. */
const STEP_SECONDS = 30;
const RECOVERY_CODES = 10;

/**
 * A second step at signing in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when
 * it is lost. Each code is taken once: the step of the last one is kept, and none up to it counts again.
 */
@Injectable()
export class TwoStep {
  private readonly key: Buffer;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(OwnAudit) private readonly audit: OwnAudit,
  ) {
    this.key = secrets.derive('session');
  }

  /** @throws Problem conflict when it is on */
  async begin(user: UserActor): Promise<TwoStepSecret> {
    const secret = generateSecret();
    const sealed = this.secrets.seal(secret, contextOf(user.id));
    await this.database.asSystem(async (tx) => {
      if (await isOn(tx, user.id)) throw isOnAlready();
      await tx.twoStep.upsert({
        where: { userId: user.id },
        create: { userId: user.id, secret: sealed, createdAt: new Date(this.clock.now()) },
        update: { secret: sealed, lastStep: 0n },
      });
      await this.audit.record(tx, user, { action: 'two-step.begun' });
    });
    return { secret, uri: generateURI({ issuer: 'Holdline', label: user.email, secret }) };
  }

  /** @throws Problem invalid_request for a wrong code; conflict when it is on, or was not begun */
  confirm(user: UserActor, code: string): Promise<string[]> {
    return this.database.asSystem(async (tx) => {
      const row = await tx.twoStep.findUnique({ where: { userId: user.id } });
      if (!row) {
        throw new Problem(
          'conflict',
          'There is no secret yet. Begin with POST /v1/account/two-step.',
        );
      }
      if (row.confirmedAt !== null) throw isOnAlready();
      if (!(await this.takeTotp(tx, user.id, code))) {
        throw new Problem(
          'invalid_request',
          'The code is wrong or was used. Wait for the next one, and look whether the clock of the device is right.',
          { errors: [{ pointer: '/code', message: 'is wrong or was used' }] },
        );
      }
      await tx.twoStep.update({
        where: { userId: user.id },
        data: { confirmedAt: new Date(this.clock.now()) },
      });
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      await tx.recoveryCode.deleteMany({ where: { userId: user.id } });
      await tx.recoveryCode.createMany({
        data: codes.map((text) => ({ userId: user.id, codeHash: this.hash(user.id, text) })),
      });
      await this.audit.record(tx, user, { action: 'two-step.enabled' });
      return codes;
    });
  }

  /** Harmless when it is off. */
  async end(user: UserActor): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const { count } = await tx.twoStep.deleteMany({ where: { userId: user.id } });
      await tx.recoveryCode.deleteMany({ where: { userId: user.id } });
      if (count > 0) await this.audit.record(tx, user, { action: 'two-step.disabled' });
    });
  }

  /** Whether the user may go on: it is off, or the code is right and is spent by this. */
  async admits(tx: Tx, userId: string, code: string | undefined): Promise<'yes' | 'no' | 'asks'> {
    if (!(await isOn(tx, userId))) return 'yes';
    if (code === undefined) return 'asks';
    const text = code.replace(/[\s-]/g, '').toLowerCase();
    const right = /^\d{6}$/.test(text)
      ? await this.takeTotp(tx, userId, text)
      : await this.takeRecovery(tx, userId, text);
    return right ? 'yes' : 'no';
  }

  async show(tx: Tx, userId: string): Promise<{ enabled: boolean; recoveryCodesLeft: number }> {
    const enabled = await isOn(tx, userId);
    const left = enabled ? await tx.recoveryCode.count({ where: { userId, usedAt: null } }) : 0;
    return { enabled, recoveryCodesLeft: left };
  }

  /** Takes the step of a right code, once: of two that come at the same moment one wins. */
  private async takeTotp(tx: Tx, userId: string, code: string): Promise<boolean> {
    const row = await tx.twoStep.findUnique({ where: { userId } });
    if (!row) return false;
    const secret = this.secrets.open(row.secret, contextOf(userId));
    const now = Math.floor(this.clock.now() / 1000 / STEP_SECONDS);
    const step = [now, now - 1, now + 1].find((one) => same(codeOf(secret, one), code));
    if (step === undefined) return false;
    const { count } = await tx.twoStep.updateMany({
      where: { userId, lastStep: { lt: step } },
      data: { lastStep: step },
    });
    return count === 1;
  }

  private async takeRecovery(tx: Tx, userId: string, text: string): Promise<boolean> {
    const { count } = await tx.recoveryCode.updateMany({
      where: { userId, codeHash: this.hash(userId, text), usedAt: null },
      data: { usedAt: new Date(this.clock.now()) },
    });
    return count === 1;
  }

  private hash(userId: string, text: string): string {
    const plain = text.replace(/-/g, '');
    return createHmac('sha256', this.key).update(`recovery:${userId}:${plain}`).digest('hex');
  }
}

async function isOn(tx: Tx, userId: string): Promise<boolean> {
  const row = await tx.twoStep.findUnique({ where: { userId }, select: { confirmedAt: true } });
  return row?.confirmedAt != null;
}

function codeOf(secret: string, step: number): string {
  return generateSync({ secret, epoch: step * STEP_SECONDS, period: STEP_SECONDS });
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** 60 bits, in letters and digits that are not mistaken for each other; never six digits. */
function newRecoveryCode(): string {
  const letters = 'abcdefghjkmnpqrstvwxyz23456789xk';
  const text = [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join('');
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`;
}

function contextOf(userId: string): string {
  return sealContext({ tenantId: '', table: 'two_step', column: 'secret', id: userId });
}

function isOnAlready(): Problem {
  return new Problem('conflict', 'Two-step sign-in is on. Turn it off to begin with a new device.');
}
