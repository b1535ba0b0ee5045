import type { Database, Tx } from '../database.js';
import { makeMoney } from './billing-rows.js';

/** The first queries of a busy machine take their time. */
const PATIENT = { timeoutMs: 30_000 };

/** One tenant with a row in every table that belongs to tenants; ids end in `name`. */
export async function makeTenant(database: Database, name: string): Promise<string> {
  const tenantId = `ten_${name}`;
  const own = { tenantId, appId: `app_${name}` };
  await database.asSystem(async (tx) => {
    await tx.tenant.create({ data: { id: tenantId, name, limits: { holdsPerKey: null } } });
    await tx.user.create({
      data: { id: `usr_${name}`, email: `${name}@example.test`, passwordHash: 'hash' },
    });
    await tx.member.create({ data: { tenantId, userId: `usr_${name}`, role: 'owner' } });
    await tx.session.create({
      data: {
        idHash: `hash-${name}`,
        userId: `usr_${name}`,
        tenantId,
        expiresAt: new Date(Date.UTC(2030, 0)),
      },
    });
    await tx.app.create({ data: { id: own.appId, tenantId, name } });
    await tx.apiKey.create({ data: { ...own, id: keyId(name), ...keyRest } });
    await tx.keyUse.create({
      data: {
        ...{ ...own, keyId: keyId(name), caller: 'x', via: 'key', address: '', userAgent: '' },
        ...{ firstAt: new Date(0), lastAt: new Date(0) },
      },
    });
    await tx.namespace.create({ data: { ...own, name: 'room' } });
    await tx.revocation.create({
      data: {
        ...own,
        id: `rev_${name}`,
        kind: 'client',
        value: 'somebody',
        issuedBefore: new Date(0),
        expiresAt: new Date(1),
        createdBy: `usr_${name}`,
      },
    });
  }, PATIENT);
  await database.asSystem((tx) => makeHistory(tx, own), PATIENT);
  await database.asSystem((tx) => makeMoney(tx, tenantId), PATIENT);
  return tenantId;
}

/** What is written as things happen: usage, audit, webhooks. */
async function makeHistory(tx: Tx, own: { tenantId: string; appId: string }): Promise<void> {
  const { tenantId, appId } = own;
  const hour = new Date(Date.UTC(2026, 0));
  const counted = { tenantId, appId, meter: 'messages_published', hour, units: 1n };
  await tx.usageHour.create({ data: { ...counted, keyId: '' } });
  await tx.usageChannelHour.create({ data: { ...counted, namespace: '', channel: 'room' } });
  await tx.$executeRaw`
    INSERT INTO activity (tenant_id, app_id, step_seconds, at, published, delivered, holds, latency, errors)
    VALUES (${tenantId}, ${appId}, 3600, ${hour}, 1, 1, 1, '{1}', '{}')`;
  const hash = '0'.repeat(64);
  await tx.auditEntry.create({
    data: {
      tenantId,
      seq: 1n,
      at: hour,
      actor: 'system',
      action: 'app.created',
      target: appId,
      previousHash: hash,
      hash,
    },
  });
  await tx.auditHead.create({ data: { tenantId, seq: 1n, hash } });
  const ids = { endpointId: `whk_${tenantId}`, eventId: `evt_${tenantId}` };
  await tx.webhookEndpoint.create({
    data: {
      tenantId,
      id: ids.endpointId,
      url: 'https://example.test/',
      events: ['key.created'],
      secret: 'sealed',
      createdBy: 'usr_x',
    },
  });
  await tx.webhookEvent.create({
    data: { tenantId, id: ids.eventId, type: 'key.created', body: '{}', at: hour },
  });
  const deliveryId = `whd_${tenantId}`;
  await tx.webhookDelivery.create({ data: { tenantId, id: deliveryId, ...ids } });
  await tx.webhookAttempt.create({
    data: { tenantId, deliveryId, round: 0, number: 1, at: hour, durationMs: 1, request: {} },
  });
}

export function keyId(name: string): string {
  return name.padEnd(12, '0');
}

/** The columns of a key that say nothing about whose it is. */
export const keyRest = {
  mode: 'live',
  name: 'key',
  secretHash: 'hash',
  last4: '0000',
  signingSecret: 'sealed',
  capabilities: { '*': ['*'] },
  createdBy: 'usr_x',
} as const;
