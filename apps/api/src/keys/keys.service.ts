import { Inject, Injectable } from '@nestjs/common';
import { createKey, createSigningSecret, hashSecret, Secrets } from '#access';
import {
  Capabilities,
  Problem,
  type CreatedKey,
  type Key,
  type KeyUse,
  type ListedKey,
  KeyLimits,
  type KeyBody,
  type KeyPatch,
  type ListQuery,
  type Page,
} from '#contracts';
import { Database, type Tx } from '#database';
import { emitEvent } from '#webhooks';
import { requireApp } from '../apps/apps.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import type { TenantActor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { pageById } from '../data/paging.js';
import { requireRoom } from '../data/room.js';
import { missing } from '../http/validation.js';
import { signingSecretContext } from './key-secrets.js';
import { callersOf, lastUses } from './key-use-store.js';

type KeyRow = NonNullable<Awaited<ReturnType<Tx['apiKey']['findFirst']>>>;

interface NewKeyRow {
  readonly tenantId: string;
  readonly appId: string;
  readonly mode: 'live' | 'test';
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly allowedIps: readonly string[];
  readonly limits: KeyLimits;
  readonly expiresAt: Date | null;
  readonly createdBy: string;
  readonly replaces: string | null;
}

@Injectable()
export class KeysService {
  private readonly pepper: Buffer;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {
    this.pepper = secrets.derive('pepper');
  }

  list(tenantId: string, appId: string, query: ListQuery): Promise<Page<ListedKey>> {
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      const page = await pageById(query, {
        exists: (id) => tx.apiKey.findFirst({ where: { id, appId }, select: { id: true } }),
        rows: (args) =>
          tx.apiKey.findMany({
            where: { appId },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            ...args,
          }),
      });
      const used = await lastUses(
        tx,
        page.data.map(({ id }) => id),
      );
      const data = page.data.map((row) => ({
        ...this.shown(row),
        lastUsedAt: used.get(row.id) ?? null,
      }));
      return { ...page, data };
    });
  }

  /** @throws Problem not_found */
  use(tenantId: string, appId: string, keyId: string): Promise<KeyUse> {
    return this.database.withTenant(tenantId, async (tx) => {
      const { id } = await this.require(tx, appId, keyId);
      const callers = await callersOf(tx, id);
      return { lastUsedAt: callers[0]?.lastSeenAt ?? null, callers };
    });
  }

  create(actor: TenantActor, appId: string, body: KeyBody): Promise<CreatedKey> {
    const { tenantId, id: createdBy } = actor;
    const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
    if (expiresAt && expiresAt.getTime() <= this.clock.now()) {
      throw new Problem(
        'invalid_request',
        '`/expiresAt` has passed. Give a time in the future, or leave it out.',
        {
          errors: [{ pointer: '/expiresAt', message: 'has passed' }],
        },
      );
    }
    return this.database.withTenant(tenantId, async (tx) => {
      await requireApp(tx, appId);
      await requireRoom(tx, tenantId, 'keys', () =>
        tx.apiKey.count({ where: { appId, revokedAt: null } }),
      );
      const { mode, capabilities, allowedIps, limits, name = '' } = body;
      const made = await this.insert(tx, {
        tenantId,
        appId,
        mode,
        name,
        capabilities,
        allowedIps,
        limits,
        expiresAt,
        createdBy,
        replaces: null,
      });
      await this.tell(tx, actor, 'key.created', withoutSecrets(made));
      return made;
    });
  }

  update(actor: TenantActor, appId: string, keyId: string, patch: KeyPatch): Promise<Key> {
    return this.database.withTenant(actor.tenantId, async (tx) => {
      const key = await this.require(tx, appId, keyId);
      const data = {
        ...(patch.name === undefined ? {} : { name: patch.name }),
        ...(patch.allowedIps === undefined ? {} : { allowedIps: patch.allowedIps }),
        ...(patch.limits === undefined ? {} : { limits: patch.limits }),
      };
      const changed = this.shown(await tx.apiKey.update({ where: { id: key.id }, data }));
      await this.audit.record(tx, actor, {
        action: 'key.updated',
        target: key.id,
        before: { ...this.shown(key) },
        after: { ...changed },
      });
      return changed;
    });
  }

  /** The new key has the old one's rights; an end that the old one had itself still holds for both. */
  rotate(
    actor: TenantActor,
    appId: string,
    keyId: string,
    graceSeconds: number,
  ): Promise<CreatedKey> {
    const { tenantId, id: createdBy } = actor;
    return this.database.withTenant(tenantId, async (tx) => {
      const old = await this.require(tx, appId, keyId);
      const now = this.clock.now();
      if (this.status(old) !== 'active') {
        throw new Problem(
          'conflict',
          'This key no longer works, so there is nothing to rotate. Make a new key instead.',
        );
      }
      const { mode, name, capabilities, allowedIps, limits, expiresAt } = old;
      const made = await this.insert(tx, {
        tenantId,
        appId,
        mode,
        name,
        capabilities: Capabilities.parse(capabilities),
        allowedIps,
        limits: storedKeyLimits(limits),
        expiresAt,
        createdBy,
        replaces: old.id,
      });
      const end = new Date(
        Math.min(now + graceSeconds * 1000, expiresAt?.getTime() ?? Number.POSITIVE_INFINITY),
      );
      await tx.apiKey.update({
        where: { id: old.id },
        data: graceSeconds === 0 ? { revokedAt: new Date(now) } : { expiresAt: end },
      });
      const worksUntil = graceSeconds === 0 ? new Date(now) : end;
      await this.tell(tx, actor, 'key.rotated', withoutSecrets(made), {
        id: old.id,
        worksUntil: worksUntil.toISOString(),
      });
      return made;
    });
  }

  /** Revoking again changes nothing: the first time stands. */
  revoke(actor: TenantActor, appId: string, keyId: string): Promise<void> {
    return this.database.withTenant(actor.tenantId, async (tx) => {
      const key = await this.require(tx, appId, keyId);
      if (key.revokedAt !== null) return;
      const revoked = await tx.apiKey.update({
        where: { id: key.id },
        data: { revokedAt: new Date(this.clock.now()) },
      });
      await this.tell(tx, actor, 'key.revoked', this.shown(revoked), { ...this.shown(key) });
    });
  }

  /** The audit log and the tenant's endpoints hear of it, in the transaction that does it. */
  private async tell(
    tx: Tx,
    actor: TenantActor,
    action: 'key.created' | 'key.rotated' | 'key.revoked',
    key: Key,
    before?: Record<string, unknown>,
  ): Promise<void> {
    const { tenantId } = actor;
    await emitEvent(tx, {
      tenantId,
      appId: key.appId,
      type: action,
      data: { key, by: actor.id },
      orderKey: `key:${key.replaces ?? key.id}`,
    });
    await this.audit.record(tx, actor, {
      action,
      target: key.id,
      ...(before ? { before } : {}),
      after: { ...key },
    });
  }

  private async require(tx: Tx, appId: string, keyId: string): Promise<KeyRow> {
    await requireApp(tx, appId);
    const key = await tx.apiKey.findFirst({ where: { id: keyId, appId } });
    if (!key) throw missing('key');
    return key;
  }

  /** The only place where a key and its signing secret are in the clear. */
  async insert(tx: Tx, row: NewKeyRow): Promise<CreatedKey> {
    const { keyId: id, key, secret } = createKey(row.mode);
    const signingSecret = createSigningSecret();
    const stored = await tx.apiKey.create({
      data: {
        ...row,
        allowedIps: [...row.allowedIps],
        id,
        secretHash: hashSecret(this.pepper, secret),
        last4: key.slice(-4),
        signingSecret: this.secrets.seal(signingSecret, signingSecretContext(row.tenantId, id)),
        createdAt: new Date(this.clock.now()),
      },
    });
    return { ...this.shown(stored), key, signingSecret };
  }

  private shown(row: KeyRow): Key {
    return {
      id: row.id,
      appId: row.appId,
      name: row.name === '' ? null : row.name,
      mode: row.mode,
      last4: row.last4,
      capabilities: row.capabilities as Capabilities,
      allowedIps: row.allowedIps,
      limits: storedKeyLimits(row.limits),
      status: this.status(row),
      createdAt: row.createdAt.toISOString(),
      createdBy: row.createdBy,
      expiresAt: row.expiresAt?.toISOString() ?? null,
      revokedAt: row.revokedAt?.toISOString() ?? null,
      replaces: row.replaces,
    };
  }

  private status(row: KeyRow): Key['status'] {
    if (row.revokedAt !== null) return 'revoked';
    return row.expiresAt !== null && row.expiresAt.getTime() <= this.clock.now()
      ? 'expired'
      : 'active';
  }
}

/** A name of another version is left out. */
function storedKeyLimits(limits: unknown): KeyLimits {
  return KeyLimits.strip().parse(limits);
}

function withoutSecrets({ key: _key, signingSecret: _signing, ...shown }: CreatedKey): Key {
  return shown;
}
