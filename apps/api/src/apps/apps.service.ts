import { Inject, Injectable } from '@nestjs/common';
import type { App, AppBody, AppPatch, ListQuery, Page } from '#contracts';
import { Database, type Tx } from '#database';
import { requireRoom } from '../data/room.js';
import { newId } from '../data/ids.js';
import { pageById } from '../data/paging.js';
import { missing } from '../http/validation.js';
import { shownApp } from './shown-app.js';

/**
 * The app whose parts a request is about. A revoked app is gone for good, with all that is under it.
 * @throws Problem not_found
 */
export async function requireApp(tx: Tx, appId: string): Promise<void> {
  const app = await tx.app.findFirst({
    where: { id: appId, status: 'active' },
    select: { id: true },
  });
  if (!app) throw missing('app');
}

@Injectable()
export class AppsService {
  constructor(@Inject(Database) private readonly database: Database) {}

  async list(tenantId: string, query: ListQuery): Promise<Page<App>> {
    return this.database.withTenant(tenantId, async (tx) => {
      const page = await pageById(query, {
        exists: (id) => tx.app.findFirst({ where: { id }, select: { id: true } }),
        rows: (args) =>
          tx.app.findMany({
            where: { status: 'active' },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            ...args,
          }),
      });
      return { ...page, data: page.data.map(shownApp) };
    });
  }

  create(tenantId: string, body: AppBody): Promise<App> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireRoom(tx, tenantId, 'apps', () => tx.app.count({ where: { status: 'active' } }));
      const data = {
        id: newId('app'),
        tenantId,
        name: body.name,
        ...(body.allowedOrigins === undefined ? {} : { allowedOrigins: body.allowedOrigins }),
        ...(body.jwks === undefined ? {} : { jwks: body.jwks }),
      };
      return shownApp(await tx.app.create({ data }));
    });
  }

  get(tenantId: string, appId: string): Promise<App> {
    return this.database.withTenant(tenantId, async (tx) => {
      const app = await tx.app.findFirst({ where: { id: appId, status: 'active' } });
      if (!app) throw missing('app');
      return shownApp(app);
    });
  }

  update(tenantId: string, appId: string, patch: AppPatch): Promise<App> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      const data = {
        ...(patch.name === undefined ? {} : { name: patch.name }),
        ...(patch.allowedOrigins === undefined ? {} : { allowedOrigins: patch.allowedOrigins }),
        ...(patch.jwks === undefined ? {} : { jwks: patch.jwks }),
      };
      return shownApp(await tx.app.update({ where: { id: appId }, data }));
    });
  }

  revoke(tenantId: string, appId: string): Promise<void> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      await tx.app.update({ where: { id: appId }, data: { status: 'revoked' } });
    });
  }
}
