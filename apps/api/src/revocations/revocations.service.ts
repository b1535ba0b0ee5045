import { Inject, Injectable } from '@nestjs/common';
import { LIMIT, type ListQuery, type Page, type Revocation, type RevocationBody } from '#contracts';
import { Database } from '#database';
import { requireApp } from '../apps/apps.service.js';
import type { TenantActor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { newId } from '../data/ids.js';
import { requireRoom } from '../data/room.js';
import { pageById } from '../data/paging.js';

/** A token issued just now lives this long at most; the rest is for clocks that differ. */
const OUTLIVES_MS = LIMIT.tokenMaxSeconds * 1000 + 5 * 60_000;

const FORGET_MS = 24 * 3_600_000;

@Injectable()
export class RevocationsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Only those that still refuse something; the others have nothing left to refuse. */
  list(tenantId: string, appId: string, query: ListQuery): Promise<Page<Revocation>> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      const page = await pageById(query, {
        exists: (id) => tx.revocation.findFirst({ where: { id, appId }, select: { id: true } }),
        rows: (args) =>
          tx.revocation.findMany({
            where: { appId, expiresAt: { gt: new Date(this.clock.now()) } },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            ...args,
          }),
      });
      return { ...page, data: page.data.map(shown) };
    });
  }

  async create(actor: TenantActor, appId: string, body: RevocationBody): Promise<Revocation> {
    const { tenantId, id: createdBy } = actor;
    await this.forgetExpired();
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      await requireRoom(tx, tenantId, 'revocations', () =>
        tx.revocation.count({ where: { appId } }),
      );
      const now = this.clock.now();
      const expiresAt = new Date(now + OUTLIVES_MS);
      const what =
        'clientId' in body
          ? { kind: 'client' as const, value: body.clientId, issuedBefore: new Date(now) }
          : // One token is refused for as long as it can live, whatever its own clock says of its issue.
            { kind: 'token' as const, value: body.tokenId, issuedBefore: expiresAt };
      const data = {
        id: newId('rev'),
        tenantId,
        appId,
        createdBy,
        createdAt: new Date(now),
        expiresAt,
        ...what,
      };
      return shown(await tx.revocation.create({ data }));
    });
  }

  /** Long after they refused anything, so that no list or feed still shows one of them. */
  private async forgetExpired(): Promise<void> {
    const before = new Date(this.clock.now() - FORGET_MS);
    await this.database.asSystem((tx) =>
      tx.revocation.deleteMany({ where: { expiresAt: { lt: before } } }),
    );
  }
}

function shown(row: {
  id: string;
  kind: 'client' | 'token';
  value: string;
  issuedBefore: Date;
  expiresAt: Date;
}): Revocation {
  return {
    id: row.id,
    clientId: row.kind === 'client' ? row.value : null,
    tokenId: row.kind === 'token' ? row.value : null,
    issuedBefore: row.issuedBefore.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
