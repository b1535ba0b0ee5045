import { Inject, Injectable } from '@nestjs/common';
import { seedPlans } from '#billing';
import { Database } from '#database';

/** The first connection of a start can take its time; nobody waits for this answer. */
const SEED_MS = { timeoutMs: 20_000 };

/** The built-in plans are there from the first start on; what an operator changed in them stays. */
@Injectable()
export class PlanSeed {
  constructor(@Inject(Database) private readonly database: Database) {}

  run(): Promise<void> {
    return this.database.asSystem(seedPlans, SEED_MS);
  }
}
