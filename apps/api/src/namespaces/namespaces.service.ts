import { Inject, Injectable, type PipeTransform } from '@nestjs/common';
import {
  NamespaceName,
  Problem,
  type ListQuery,
  type Namespace,
  type NamespaceBody,
  type NamespacePatch,
  type NamespaceRules,
  type NamespaceRulesBody,
  type Page,
} from '#contracts';
import { Database, type Tx } from '#database';
import { DEFAULT_RULES } from '#access';
import { requireApp } from '../apps/apps.service.js';
import { Clock } from '../data/clock.js';
import { cut } from '../data/paging.js';
import { requireRoom } from '../data/room.js';
import { missing } from '../http/validation.js';

/** A namespace's name in a path. */
@Injectable()
export class NamespaceNamePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const name = NamespaceName.safeParse(value);
    if (name.success) return name.data;
    throw new Problem(
      'invalid_request',
      `The namespace in the path is no name: ${name.error.issues[0]?.message}. Correct it and send it again.`,
    );
  }
}

@Injectable()
export class NamespacesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  list(tenantId: string, appId: string, query: ListQuery): Promise<Page<Namespace>> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      const rows = await tx.namespace.findMany({
        where: {
          appId,
          deleted: false,
          ...(query.after === undefined ? {} : { name: { gt: query.after } }),
        },
        orderBy: { name: 'asc' },
        take: query.limit + 1,
      });
      const page = cut(rows, query.limit);
      return { ...page, data: page.data.map(shown) };
    });
  }

  get(tenantId: string, appId: string, name: string): Promise<Namespace> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      return shown(await this.require(tx, appId, name));
    });
  }

  create(tenantId: string, appId: string, body: NamespaceBody): Promise<Namespace> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      const { name, ...rules } = body;
      const existing = await tx.namespace.findFirst({ where: { appId, name, deleted: false } });
      if (existing)
        throw new Problem(
          'conflict',
          'This namespace has rules. Change them with PATCH, or set them anew with PUT.',
        );
      return this.set(tx, tenantId, appId, name, rules);
    });
  }

  replace(
    tenantId: string,
    appId: string,
    name: string,
    rules: NamespaceRulesBody,
  ): Promise<Namespace> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      return this.set(tx, tenantId, appId, name, rules);
    });
  }

  update(tenantId: string, appId: string, name: string, patch: NamespacePatch): Promise<Namespace> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      await this.require(tx, appId, name);
      return shown(
        await tx.namespace.update({ where: { appId_name: { appId, name } }, data: given(patch) }),
      );
    });
  }

  /** Marked, not deleted: delivery learns of it by the row's new version. */
  remove(tenantId: string, appId: string, name: string): Promise<void> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      await this.require(tx, appId, name);
      await tx.namespace.update({
        where: { appId_name: { appId, name } },
        data: { deleted: true },
      });
    });
  }

  private async set(
    tx: Tx,
    tenantId: string,
    appId: string,
    name: string,
    rules: NamespaceRulesBody,
  ): Promise<Namespace> {
    const row = { ...DEFAULT_RULES, ...given(rules), deleted: false };
    const known = await tx.namespace.findFirst({ where: { appId, name } });
    if (known === null || known.deleted) {
      await requireRoom(tx, tenantId, 'namespaces', () =>
        tx.namespace.count({ where: { appId, deleted: false } }),
      );
    }
    // One that was removed begins anew.
    const begun = known === null || known.deleted ? { createdAt: new Date(this.clock.now()) } : {};
    return shown(
      await tx.namespace.upsert({
        where: { appId_name: { appId, name } },
        create: { ...row, ...begun, appId, tenantId, name },
        update: { ...row, ...begun },
      }),
    );
  }

  private async require(tx: Tx, appId: string, name: string) {
    const row = await tx.namespace.findFirst({ where: { appId, name, deleted: false } });
    if (!row) throw missing('namespace');
    return row;
  }
}

/** Only what was said: `undefined` would count as said once it is spread over the defaults. */
function given(rules: NamespaceRulesBody): Partial<NamespaceRules> {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}

function shown(row: NamespaceRules & { name: string; createdAt: Date }): Namespace {
  const {
    name,
    retentionSeconds,
    retentionMessages,
    persistence,
    presence,
    maxMessageBytes,
    publishers,
    createdAt,
  } = row;
  return {
    name,
    retentionSeconds,
    retentionMessages,
    persistence,
    presence,
    maxMessageBytes,
    publishers,
    createdAt: createdAt.toISOString(),
  };
}
