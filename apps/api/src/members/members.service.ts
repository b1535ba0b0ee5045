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
  async add(tenantId: string, body: MemberBody): Promise<AddedMember> {
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

  setRole(tenantId: string, userId: string, role: Role): Promise<Member> {
    return this.changing(tenantId, userId, role !== 'owner', async (tx) =>
      shown(
        await tx.member.update({
          where: { tenantId_userId: { tenantId, userId } },
          data: { role },
          include: WITH_USER,
        }),
      ),
    );
  }

  remove(tenantId: string, userId: string): Promise<void> {
    return this.changing(tenantId, userId, true, async (tx) => {
      await tx.member.delete({ where: { tenantId_userId: { tenantId, userId } } });
    });
  }

  /** One change of a tenant's members at a time: two at once could take away the last two owners. */
  private changing<T>(
    tenantId: string,
    userId: string,
    losesOwner: boolean,
    change: (tx: Tx) => Promise<T>,
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
      return change(tx);
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
