import type { Database } from '../database.js';
import { makeMoney } from './billing-rows.js';

/** The first connection to a busy machine's database takes its time. */
const PATIENT = { timeoutMs: 20_000 };

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
    const hour = new Date(Date.UTC(2026, 0));
    const counted = { ...own, meter: 'messages_published', hour, units: 1n };
    await tx.usageHour.create({ data: { ...counted, keyId: '' } });
    await tx.usageChannelHour.create({ data: { ...counted, namespace: '', channel: 'room' } });
  }, PATIENT);
  await database.asSystem((tx) => makeMoney(tx, tenantId), PATIENT);
  return tenantId;
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
