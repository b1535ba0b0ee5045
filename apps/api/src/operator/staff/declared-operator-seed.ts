import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { Logger } from '#platform';
import { Passwords } from '../../accounts/passwords.js';
import { TwoStep } from '../../accounts/two-step/two-step.js';
import { OperatorTrail } from '../../audit/operator-trail.js';
import { Clock } from '../../data/clock.js';
import { newId } from '../../data/ids.js';
import { LOG } from '../../data/log.js';
import { Settings } from '../../settings.js';

/**
 * The operator that the environment names (OPERATOR_EMAIL, OPERATOR_PASSWORD): the first one of a service
 * that shows nobody its demo.json, and the way back in for who lost password or authenticator app. Whoever
 * can set it runs the service anyway.
 */
@Injectable()
export class DeclaredOperatorSeed {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(TwoStep) private readonly twoStep: TwoStep,
    @Inject(OperatorTrail) private readonly trail: OperatorTrail,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Changes nothing where they have this password: a restart turns no second step off. */
  async run(): Promise<void> {
    const { operator } = this.settings;
    if (operator === null) return;
    const { email, password } = operator;
    const known = await this.database.asSystem((tx) =>
      tx.operator.findUnique({ where: { email } }),
    );
    if (known && (await this.passwords.matches(password, known.passwordHash))) return;
    const passwordHash = await this.passwords.hash(password);
    await this.database.asSystem(async (tx) => {
      const { id } = await tx.operator.upsert({
        where: { email },
        create: {
          ...{ id: newId('opr'), email, passwordHash },
          createdAt: new Date(this.clock.now()),
        },
        update: { passwordHash },
      });
      await this.twoStep.forget(tx, id);
      const action = known ? 'operator.reset' : 'operator.added';
      await this.trail.record(tx, { id: 'system' }, { action, target: id, after: { email } });
    });
    this.log.info(
      { email },
      known
        ? 'the operator has the password of OPERATOR_PASSWORD now, and no second step; take the two variables away'
        : 'the operator of OPERATOR_EMAIL can sign in at /dashboard/operator; take the two variables away',
    );
  }
}
