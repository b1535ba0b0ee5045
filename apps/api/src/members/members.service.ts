import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  Problem,
  type AddedMember,
  type ListQuery,
  type Member,
  type MemberBody,
  type Page,
  type Role,
} from '#contracts';
import { Database, isUniqueViolation, type Tx } from '#database';
import { AuditTrail } from '../audit/audit-trail.js';
import type { TenantActor } from '../auth/actor.js';
import { Passwords } from '../accounts/passwords.js';
import { newId } from '../data/ids.js';
import { cut, unknownAfter } from '../data/paging.js';
import { requireRoom } from '../data/room.js';
import { missing } from '../http/validation.js';

const WITH_USER = { user: { select: { id: true, email: true } } } as const;

@Injectable()
export class MembersService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  list(tenantId: string, query: ListQuery): Promise<Page<Member>> {
    const { after: userId, limit } = query;
    return this.database.withTenant(tenantId, async (tx) => {
      if (userId !== undefined && !(await this.find(tx, tenantId, userId))) throw unknownAfter();
      const rows = await tx.member.findMany({
        where: { tenantId },
        include: WITH_USER,
        orderBy: [{ createdAt: 'asc' }, { userId: 'asc' }],
        take: limit + 1,
        ...(userId === undefined
          ? {}
          : { skip: 1, cursor: { tenantId_userId: { tenantId, userId } } }),
      });
      const page = cut(rows, limit);
      return { ...page, data: page.data.map(shown) };
    });
  }

  /** @throws Problem conflict when that user is a member already */
  async add(actor: TenantActor, body: MemberBody): Promise<AddedMember> {
    const { tenantId } = actor;
    const initialPassword = body.password ?? randomBytes(12).toString('base64url');
    // Before the transaction, and also for an existing user: a connection is not held while hashing.
    const passwordHash = await this.passwords.hash(initialPassword);
    try {
      return await this.database.asSystem(async (tx) => {
        await requireRoom(tx, tenantId, 'members', () => tx.member.count({ where: { tenantId } }));
        const existing = await tx.user.findUnique({ where: { email: body.email } });
        const user =
          existing ??
          (await tx.user.create({ data: { id: newId('usr'), email: body.email, passwordHash } }));
        const member = await tx.member.create({
          data: { tenantId, userId: user.id, role: body.role },
          include: WITH_USER,
        });
        await this.audit.record(tx, actor, {
          action: 'member.added',
          target: user.id,
          after: { email: user.email, role: body.role, isNewUser: existing === null },
        });
        const shownOnce = existing === null && body.password === undefined;
        return { ...shown(member), initialPassword: shownOnce ? initialPassword : null };
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new Problem(
        'conflict',
        'This user is a member already. Change the role with PATCH /v1/members/{member}.',
      );
    }
  }

  setRole(actor: TenantActor, userId: string, role: Role): Promise<Member> {
    const { tenantId } = actor;
    return this.changing(tenantId, userId, role !== 'owner', async (tx, before) => {
      const changed = await tx.member.update({
        where: { tenantId_userId: { tenantId, userId } },
        data: { role },
        include: WITH_USER,
      });
      await this.audit.record(tx, actor, {
        action: 'member.updated',
        target: userId,
        before: { role: before.role },
        after: { role },
      });
      return shown(changed);
    });
  }

  remove(actor: TenantActor, userId: string): Promise<void> {
    const { tenantId } = actor;
    return this.changing(tenantId, userId, true, async (tx, { role }) => {
      await tx.member.delete({ where: { tenantId_userId: { tenantId, userId } } });
      await this.audit.record(tx, actor, {
        action: 'member.removed',
        target: userId,
        before: { role },
      });
    });
  }

  /** One change of a tenant's members at a time: two at once could take away the last two owners. */
  private changing<T>(
    tenantId: string,
    userId: string,
    losesOwner: boolean,
    change: (tx: Tx, before: { role: Role }) => Promise<T>,
  ): Promise<T> {
    return this.database.withTenant(tenantId, async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`members:${tenantId}`}, 0))`;
      const member = await this.find(tx, tenantId, userId);
      if (!member) throw missing('member');
      if (
        losesOwner &&
        member.role === 'owner' &&
        (await tx.member.count({ where: { tenantId, role: 'owner' } })) === 1
      ) {
        throw new Problem(
          'conflict',
          'This is the tenant’s last owner. Make somebody else an owner first.',
        );
      }
      return change(tx, member);
    });
  }

  private find(tx: Tx, tenantId: string, userId: string) {
    return tx.member.findUnique({ where: { tenantId_userId: { tenantId, userId } } });
  }
}

function shown(row: { user: { id: string; email: string }; role: Role; createdAt: Date }): Member {
  return {
    id: row.user.id,
    email: row.user.email,
    role: row.role,
    createdAt: row.createdAt.toISOString(),
  };
}
