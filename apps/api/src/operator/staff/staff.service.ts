import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  Problem,
  STAFF_MAX,
  type AddedStaff,
  type OperatorLogEntry,
  type OperatorLogQuery,
  type Page,
  type StaffMember,
} from '#contracts';
import { Database, type Operator, type OperatorEntryRow, type Tx } from '#database';
import { Passwords } from '../../accounts/passwords.js';
import { TwoStep } from '../../accounts/two-step/two-step.js';
import { OperatorTrail } from '../../audit/operator-trail.js';
import { Clock } from '../../data/clock.js';
import { newId } from '../../data/ids.js';
import { cut } from '../../data/paging.js';
import { missing } from '../../http/validation.js';
import type { OperatorOrigin } from '../current-operator.js';

/** Who the operators are, and what they did. */
@Injectable()
export class StaffService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(TwoStep) private readonly twoStep: TwoStep,
    @Inject(OperatorTrail) private readonly trail: OperatorTrail,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  list(): Promise<{ data: StaffMember[] }> {
    return this.database.asSystem(async (tx) => {
      const rows = await tx.operator.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
      const secured = await tx.twoStep.findMany({
        where: { personId: { in: rows.map(({ id }) => id) }, confirmedAt: { not: null } },
        select: { personId: true },
      });
      const ids = new Set(secured.map(({ personId }) => personId));
      return { data: rows.map((row) => shown(row, ids.has(row.id))) };
    });
  }

  /** @throws Problem conflict when there is an operator of that address, or as many as there may be */
  async add(operator: OperatorOrigin, email: string): Promise<AddedStaff> {
    const initialPassword = randomBytes(12).toString('base64url');
    const passwordHash = await this.passwords.hash(initialPassword);
    return this.database.asSystem(async (tx) => {
      await oneAfterAnother(tx);
      if ((await tx.operator.count()) >= STAFF_MAX) {
        throw new Problem(
          'conflict',
          `There are ${STAFF_MAX} operators, and more there cannot be. Remove one first.`,
        );
      }
      if (await tx.operator.findUnique({ where: { email } })) {
        throw new Problem(
          'conflict',
          'There is an operator of this address. Who lost their password is removed and added anew.',
        );
      }
      const createdAt = new Date(this.clock.now());
      const row = await tx.operator.create({
        data: { id: newId('opr'), email, passwordHash, createdAt },
      });
      const fact = { action: 'operator.added', target: row.id, after: { email } };
      await this.trail.record(tx, operator, fact);
      return { ...shown(row, false), initialPassword };
    });
  }

  /**
   * Their cookie is worth nothing from then on: it is looked up with each request.
   * @throws Problem not_found; conflict for oneself
   */
  async remove(operator: OperatorOrigin, id: string): Promise<void> {
    await this.database.asSystem(async (tx) => {
      // Two who remove each other at the same moment would leave nobody.
      await oneAfterAnother(tx);
      const here = await tx.operator.findUnique({ where: { id: operator.id } });
      if (!here) throw new Problem('unauthenticated', 'You are no operator any more.');
      const row = await tx.operator.findUnique({ where: { id } });
      if (!row) throw missing('operator');
      if (row.id === operator.id) {
        throw new Problem('conflict', 'Nobody removes themselves. Ask another operator to do it.');
      }
      await this.twoStep.forget(tx, id);
      await tx.operator.delete({ where: { id } });
      const fact = { action: 'operator.removed', target: id, before: { email: row.email } };
      await this.trail.record(tx, operator, fact);
    });
  }

  log({ after, limit, operator, tenant }: OperatorLogQuery): Promise<Page<OperatorLogEntry>> {
    return this.database.asSystem(async (tx) => {
      const rows = await tx.operatorEntry.findMany({
        where: {
          ...(after === undefined ? {} : { id: { lt: after } }),
          ...(operator === undefined ? {} : { actor: operator }),
          ...(tenant === undefined ? {} : { tenantId: tenant }),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      return cut(rows.map(shownEntry), limit);
    });
  }
}

function oneAfterAnother(tx: Tx): Promise<unknown> {
  return tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('operators', 0))`;
}

function shown({ id, email, createdAt }: Operator, twoStep: boolean): StaffMember {
  return { id, email, createdAt: createdAt.toISOString(), twoStep };
}

function shownEntry(row: OperatorEntryRow): OperatorLogEntry {
  const { id, at, tenantId, actor, ip, userAgent, action, target } = row;
  return {
    ...{ id: Number(id), at: at.toISOString(), tenant: tenantId, actor, ip, userAgent },
    ...{ action, target },
    before: row.before as OperatorLogEntry['before'],
    after: row.after as OperatorLogEntry['after'],
  };
}
