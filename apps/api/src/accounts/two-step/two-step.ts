import { Inject, Injectable } from '@nestjs/common';
import { sealContext, Secrets } from '#access';
import { Problem, type TwoStepSecret } from '#contracts';
import { Database, type Tx } from '#database';
import { Clock } from '../../data/clock.js';
import { tooMany } from '../login-backoff.js';
import { OwnAudit } from '../own/own-audit.js';
import type { UserActor } from '../own/user-actor.js';
import { Waits } from '../waits.js';
import { plain, RecoveryCodes } from './recovery-codes.js';
import { newTotp, stepOfCode } from './totp.js';

/** From making the secret until its first code. */
const BEGUN_MS = 15 * 60_000;
/**
 * Wrong codes for one account, from wherever they come, before each costs time. Only who knows the password
 * gets so far, and with a million codes to guess from, many addresses are worth as much as much time.
 */
const FREE_CODES = 10;

interface Who {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string | null;
}

/**
 * A second step at signing in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when
 * it is lost. Each code is taken once: the step of the last one is kept, and none up to it counts again.
 */
@Injectable()
export class TwoStep {
  private readonly waits: Waits;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(OwnAudit) private readonly audit: OwnAudit,
    @Inject(RecoveryCodes) private readonly recovery: RecoveryCodes,
  ) {
    this.waits = new Waits(clock);
  }

  /** @throws Problem conflict when it is on */
  async begin(user: UserActor): Promise<TwoStepSecret> {
    const { secret, uri } = newTotp(user.email);
    const sealed = this.secrets.seal(secret, contextOf(user.id));
    await this.database.asSystem(async (tx) => {
      const fresh = { secret: sealed, lastStep: 0n, createdAt: new Date(this.clock.now()) };
      await tx.twoStep.createMany({ data: [{ userId: user.id, ...fresh }], skipDuplicates: true });
      // Never one that is on, were it turned on at this very moment.
      const { count } = await tx.twoStep.updateMany({
        where: { userId: user.id, confirmedAt: null },
        data: fresh,
      });
      if (count === 0) throw isOnAlready();
      await this.audit.record(tx, user, { action: 'two-step.begun' });
    });
    return { secret, uri };
  }

  /** @throws Problem invalid_request for a wrong code; conflict when it is on, or was not begun; rate_limited */
  confirm(user: UserActor, code: string): Promise<string[]> {
    return this.database.asSystem(async (tx) => {
      const row = await tx.twoStep.findUnique({ where: { userId: user.id } });
      if (row && row.confirmedAt !== null) throw isOnAlready();
      if (!row || this.clock.now() - row.createdAt.getTime() > BEGUN_MS) {
        throw new Problem(
          'conflict',
          'There is no secret, or it was made too long ago. Begin with POST /v1/account/two-step.',
        );
      }
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
      const codes = await this.recovery.make(tx, user.id);
      await this.audit.record(tx, user, { action: 'two-step.enabled' });
      return codes;
    });
  }

  /** @throws Problem conflict when it is off */
  renewRecoveryCodes(user: UserActor): Promise<string[]> {
    return this.database.asSystem(async (tx) => {
      if (!(await isOn(tx, user.id))) {
        throw new Problem(
          'conflict',
          'Two-step sign-in is off, and needs no recovery codes. Turn it on first.',
        );
      }
      const codes = await this.recovery.make(tx, user.id);
      await this.audit.record(tx, user, { action: 'recovery-codes.renewed' });
      return codes;
    });
  }

  /** Harmless when it is off. */
  async end(user: UserActor): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const { count } = await tx.twoStep.deleteMany({ where: { userId: user.id } });
      await this.recovery.drop(tx, user.id);
      if (count > 0) await this.audit.record(tx, user, { action: 'two-step.disabled' });
    });
  }

  /**
   * Whether the user may go on: it is off, or the code is right and is spent by this.
   * @throws Problem rate_limited
   */
  async admits(tx: Tx, user: Who, code: string | undefined): Promise<'yes' | 'no' | 'asks'> {
    if (!(await isOn(tx, user.id))) return 'yes';
    if (code === undefined) return 'asks';
    const text = plain(code);
    const right = /^\d{6}$/.test(text)
      ? await this.takeTotp(tx, user.id, text)
      : await this.takeRecovery(tx, user, text);
    return right ? 'yes' : 'no';
  }

  async show(tx: Tx, userId: string): Promise<{ enabled: boolean; recoveryCodesLeft: number }> {
    const enabled = await isOn(tx, userId);
    const left = enabled ? await this.recovery.left(tx, userId) : 0;
    return { enabled, recoveryCodesLeft: left };
  }

  /**
   * Takes the step of a right code, once: of two that come at the same moment one wins.
   * @throws Problem rate_limited
   */
  private async takeTotp(tx: Tx, userId: string, code: string): Promise<boolean> {
    const wait = this.waits.until(userId, FREE_CODES);
    if (wait !== null) throw tooManyCodes(wait);
    this.waits.add(userId);
    try {
      const isRight = await this.takeStep(tx, userId, code);
      if (isRight) this.waits.forget(userId);
      return isRight;
    } catch (error) {
      // It could not be checked at all.
      this.waits.takeBack(userId);
      throw error;
    }
  }

  private async takeStep(tx: Tx, userId: string, code: string): Promise<boolean> {
    const row = await tx.twoStep.findUnique({ where: { userId } });
    if (!row) return false;
    const secret = this.secrets.open(row.secret, contextOf(userId));
    const step = stepOfCode(secret, code, this.clock.now());
    if (step === undefined) return false;
    const { count } = await tx.twoStep.updateMany({
      where: { userId, lastStep: { lt: step } },
      data: { lastStep: step },
    });
    return count === 1;
  }

  private async takeRecovery(tx: Tx, user: Who, text: string): Promise<boolean> {
    if (!(await this.recovery.take(tx, user.id, text))) return false;
    const left = await this.recovery.left(tx, user.id);
    await this.audit.record(tx, user, { action: 'recovery-code.used', after: { left } });
    return true;
  }
}

async function isOn(tx: Tx, userId: string): Promise<boolean> {
  const row = await tx.twoStep.findUnique({ where: { userId }, select: { confirmedAt: true } });
  return row?.confirmedAt != null;
}

function contextOf(userId: string): string {
  return sealContext({ tenantId: '', table: 'two_step', column: 'secret', id: userId });
}

function tooManyCodes(wait: NonNullable<ReturnType<Waits['until']>>): Problem {
  return tooMany(
    'Too many wrong codes for this account. Wait as long as `Retry-After` says, or sign in with a recovery code or a passkey.',
    { scope: 'account', max: FREE_CODES, ...wait },
  );
}

function isOnAlready(): Problem {
  return new Problem('conflict', 'Two-step sign-in is on. Turn it off to begin with a new device.');
}
