import { Inject, Injectable } from '@nestjs/common';
import type { LoginBody, OperatorAccount } from '#contracts';
import { Database, type Operator } from '#database';
import type { Logger } from '#platform';
import { codeAsked } from '../../accounts/accounts.service.js';
import { LoginBackoff } from '../../accounts/login-backoff.js';
import { Passwords } from '../../accounts/passwords.js';
import { TwoStep } from '../../accounts/two-step/two-step.js';
import { OperatorTrail } from '../../audit/operator-trail.js';
import { Clock } from '../../data/clock.js';
import { LOG } from '../../data/log.js';
import type { OperatorOrigin } from '../current-operator.js';

const HOUR_MS = 3_600_000;
/** Wrong passwords in an hour that the log tells: somebody who guesses does not fill it. */
const TOLD_PER_HOUR = 60;

type Origin = Omit<OperatorOrigin, 'id' | 'email'>;

/** How an operator signs in. */
@Injectable()
export class OperatorAccounts {
  private readonly backoff: LoginBackoff;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(TwoStep) private readonly twoStep: TwoStep,
    @Inject(OperatorTrail) private readonly trail: OperatorTrail,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.backoff = new LoginBackoff(clock);
  }

  /**
   * @throws Problem unauthenticated, the same for an unknown address, a wrong password and a wrong code;
   *   second_factor_required when the password is right and a code is missing; rate_limited
   */
  logIn(body: LoginBody, origin: Origin): Promise<Operator> {
    return this.backoff.attempt(body.email, origin.ip, async () => {
      const operator = await this.database.asSystem((tx) =>
        tx.operator.findUnique({ where: { email: body.email } }),
      );
      const right = await this.passwords.matches(body.password, operator?.passwordHash ?? null);
      if (right && operator) {
        const who = { id: operator.id, ...origin };
        const admits = await this.database.asSystem(async (tx) => {
          const answer = await this.twoStep.admits(tx, who, body.code);
          if (answer === 'yes')
            await this.trail.record(tx, who, { action: 'operator.signed-in', target: who.id });
          return answer;
        });
        if (admits === 'yes') return operator;
        if (admits === 'asks') throw codeAsked();
      }
      if (operator) this.noteFailure(operator.id, origin);
      return null;
    });
  }

  show({ id, email }: OperatorOrigin): Promise<OperatorAccount> {
    return this.database.asSystem(async (tx) => ({
      ...{ id, email },
      twoStep: await this.twoStep.show(tx, id),
    }));
  }

  /**
   * Before something that makes signing in weaker or different, or lets somebody else in.
   * @throws Problem forbidden when it is not the operator's password; rate_limited
   */
  async requirePassword(operator: OperatorOrigin, password: string): Promise<void> {
    await this.backoff.again(operator.email, operator.ip, async () => {
      const row = await this.database.asSystem((tx) =>
        tx.operator.findUnique({ where: { id: operator.id } }),
      );
      return this.passwords.matches(password, row?.passwordHash ?? null);
    });
  }

  /** Every session ends: what is signed in a cookie is made over the password's hash. */
  async changePassword(operator: OperatorOrigin, newPassword: string): Promise<Operator> {
    const passwordHash = await this.passwords.hash(newPassword);
    return this.database.asSystem(async (tx) => {
      const changed = await tx.operator.update({
        where: { id: operator.id },
        data: { passwordHash },
      });
      await this.trail.record(tx, operator, { action: 'password.changed', target: operator.id });
      return changed;
    });
  }

  /** Nobody waits for it: an answer that took longer would tell which operators there are. */
  private noteFailure(target: string, origin: Origin): void {
    const action = 'login.failed';
    this.database
      .asSystem(async (tx) => {
        const since = new Date(this.clock.now() - HOUR_MS);
        const lately = await tx.operatorEntry.count({ where: { action, at: { gt: since } } });
        if (lately < TOLD_PER_HOUR)
          await this.trail.record(tx, { id: 'anonymous', ...origin }, { action, target });
      })
      .catch((error: unknown) =>
        this.log.warn({ err: error }, 'a wrong password is missing in the operators’ log'),
      );
  }
}
