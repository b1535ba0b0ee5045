import { Inject, Injectable } from '@nestjs/common';
import { sealContext, Secrets } from '#access';
import { Problem, type TwoStepSecret } from '#contracts';
import { Database, type Tx } from '#database';
import { Clock } from '../../data/clock.js';
import { tooMany } from '../login-backoff.js';
import { OwnAudit } from '../own/own-audit.js';
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

/** A user or an operator. */
interface Who {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string | null;
}

interface Person extends Who {
  /** What the authenticator app calls the account. */
  readonly email: string;
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
  async begin(person: Person): Promise<TwoStepSecret> {
    const { secret, uri } = newTotp(person.email);
    const sealed = this.secrets.seal(secret, contextOf(person.id));
    await this.database.asSystem(async (tx) => {
      const fresh = { secret: sealed, lastStep: 0n, createdAt: new Date(this.clock.now()) };
      await tx.twoStep.createMany({
        data: [{ personId: person.id, ...fresh }],
        skipDuplicates: true,
      });
      // Never one that is on, were it turned on at this very moment.
      const { count } = await tx.twoStep.updateMany({
        where: { personId: person.id, confirmedAt: null },
        data: fresh,
      });
      if (count === 0) throw isOnAlready();
      await this.audit.record(tx, person, { action: 'two-step.begun' });
    });
    return { secret, uri };
  }

  /** @throws Problem invalid_request for a wrong code; conflict when it is on, or was not begun; rate_limited */
  confirm(person: Person, code: string): Promise<string[]> {
    return this.database.asSystem(async (tx) => {
      const row = await tx.twoStep.findUnique({ where: { personId: person.id } });
      if (row && row.confirmedAt !== null) throw isOnAlready();
      if (!row || this.clock.now() - row.createdAt.getTime() > BEGUN_MS) {
        throw new Problem(
          'conflict',
          'There is no secret, or it was made too long ago. Begin anew.',
        );
      }
      if (!(await this.takeTotp(tx, person.id, code))) {
        throw new Problem(
          'invalid_request',
          'The code is wrong or was used. Wait for the next one, and look whether the clock of the device is right.',
          { errors: [{ pointer: '/code', message: 'is wrong or was used' }] },
        );
      }
      await tx.twoStep.update({
        where: { personId: person.id },
        data: { confirmedAt: new Date(this.clock.now()) },
      });
      const codes = await this.recovery.make(tx, person.id);
      await this.audit.record(tx, person, { action: 'two-step.enabled' });
      return codes;
    });
  }

  /** @throws Problem conflict when it is off */
  renewRecoveryCodes(person: Person): Promise<string[]> {
    return this.database.asSystem(async (tx) => {
      if (!(await isOn(tx, person.id))) {
        throw new Problem(
          'conflict',
          'Two-step sign-in is off, and needs no recovery codes. Turn it on first.',
        );
      }
      const codes = await this.recovery.make(tx, person.id);
      await this.audit.record(tx, person, { action: 'recovery-codes.renewed' });
      return codes;
    });
  }

  /** Harmless when it is off. */
  async end(person: Person): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const wasThere = await this.forget(tx, person.id);
      if (wasThere) await this.audit.record(tx, person, { action: 'two-step.disabled' });
    });
  }

  /** With the person who is removed, or who lost it; false: there was none. */
  async forget(tx: Tx, personId: string): Promise<boolean> {
    const { count } = await tx.twoStep.deleteMany({ where: { personId } });
    await this.recovery.drop(tx, personId);
    return count > 0;
  }

  /**
   * Whether the person may go on: it is off, or the code is right and is spent by this.
   * @throws Problem rate_limited
   */
  async admits(tx: Tx, person: Who, code: string | undefined): Promise<'yes' | 'no' | 'asks'> {
    if (!(await isOn(tx, person.id))) return 'yes';
    if (code === undefined) return 'asks';
    const text = plain(code);
    const right = /^\d{6}$/.test(text)
      ? await this.takeTotp(tx, person.id, text)
      : await this.takeRecovery(tx, person, text);
    return right ? 'yes' : 'no';
  }

  async show(tx: Tx, personId: string): Promise<{ enabled: boolean; recoveryCodesLeft: number }> {
    const enabled = await isOn(tx, personId);
    const left = enabled ? await this.recovery.left(tx, personId) : 0;
    return { enabled, recoveryCodesLeft: left };
  }

  /**
   * Takes the step of a right code, once: of two that come at the same moment one wins.
   * @throws Problem rate_limited
   */
  private async takeTotp(tx: Tx, personId: string, code: string): Promise<boolean> {
    const wait = this.waits.until(personId, FREE_CODES);
    if (wait !== null) throw tooManyCodes(wait);
    this.waits.add(personId);
    try {
      const isRight = await this.takeStep(tx, personId, code);
      if (isRight) this.waits.forget(personId);
      return isRight;
    } catch (error) {
      // It could not be checked at all.
      this.waits.takeBack(personId);
      throw error;
    }
  }

  private async takeStep(tx: Tx, personId: string, code: string): Promise<boolean> {
    const row = await tx.twoStep.findUnique({ where: { personId } });
    if (!row) return false;
    const secret = this.secrets.open(row.secret, contextOf(personId));
    const step = stepOfCode(secret, code, this.clock.now());
    if (step === undefined) return false;
    const { count } = await tx.twoStep.updateMany({
      where: { personId, lastStep: { lt: step } },
      data: { lastStep: step },
    });
    return count === 1;
  }

  private async takeRecovery(tx: Tx, person: Who, text: string): Promise<boolean> {
    if (!(await this.recovery.take(tx, person.id, text))) return false;
    const left = await this.recovery.left(tx, person.id);
    await this.audit.record(tx, person, { action: 'recovery-code.used', after: { left } });
    return true;
  }
}

async function isOn(tx: Tx, personId: string): Promise<boolean> {
  const row = await tx.twoStep.findUnique({ where: { personId }, select: { confirmedAt: true } });
  return row?.confirmedAt != null;
}

function contextOf(personId: string): string {
  return sealContext({ tenantId: '', table: 'two_step', column: 'secret', id: personId });
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
