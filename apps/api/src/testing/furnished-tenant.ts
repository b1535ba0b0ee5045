import { CONTROL_ROUTES, type RouteSpec } from '#contracts';
import type { Database, Tx } from '#database';
import { PASSWORD, type SignedUp } from './test-api.js';

/** What names things in the paths of members' routes. */
export interface Ids {
  app: string;
  key: string;
  namespace: string;
  member: string;
  tenant: string;
  webhook: string;
  delivery: string;
  invoice: string;
  line: string;
  channel: string;
  position: string;
  passkey: string;
}

/** Ids of nothing. */
export const NOTHING: Ids = {
  app: 'app_00000000000000000000',
  key: '000000000000',
  namespace: 'nothing',
  member: 'usr_00000000000000000000',
  tenant: 'ten_00000000000000000000',
  webhook: 'whk_00000000000000000000',
  delivery: 'whd_00000000000000000000',
  invoice: 'inv_00000000000000000000',
  line: '9',
  channel: 'nothing',
  position: '9',
  passkey: 'pky_00000000000000000000',
};

export type RouteName = keyof typeof CONTROL_ROUTES;

/** The routes of members: by session or key. */
export const MEMBER_ROUTES = (Object.entries(CONTROL_ROUTES) as [RouteName, RouteSpec][]).filter(
  ([, route]) => route.auth === 'session',
);

/** Those that are about a person and not about a tenant: whoever is signed in has them. */
export const isOwnAccount = ({ path }: RouteSpec): boolean => path.startsWith('/v1/account');

/** Puts one of each thing into a tenant, with `name` in it wherever a name can stand. */
export async function furnish(
  database: Database,
  { call, appId, userId, tenantId }: SignedUp,
  name: string,
): Promise<Ids> {
  await call('PATCH', `/v1/apps/${appId}`, { body: { name } });
  const key = await call('POST', `/v1/apps/${appId}/keys`, { body: { name } });
  await call('PUT', `/v1/apps/${appId}/namespaces/${name}`, { body: {} });
  await call('POST', `/v1/apps/${appId}/revocations`, { body: { clientId: name } });
  const webhook = await call('POST', '/v1/webhooks', {
    body: { url: `https://example.com/${name}`, events: ['key.created'] },
  });
  const delivery = await call('POST', `/v1/webhooks/${webhook.body.id}/test`);
  const invoice = `inv_${name}`;
  await database.asSystem((tx) => drawInvoice(tx, invoice, tenantId, name));
  return {
    app: appId,
    key: key.body.id,
    namespace: name,
    member: userId,
    tenant: tenantId,
    webhook: webhook.body.id,
    delivery: delivery.body.id,
    invoice,
    line: '1',
    channel: name,
    position: '1',
    passkey: await passkeyOf(database, userId),
  };
}

async function passkeyOf(database: Database, userId: string): Promise<string> {
  const id = `pky_of_${userId}`;
  await database.asSystem((tx) =>
    tx.passkey.create({
      data: {
        ...{ id, userId, credentialId: id, name: 'Phone', counter: 0n, transports: [] },
        publicKey: new Uint8Array([1]),
      },
    }),
  );
  return id;
}

/** A final invoice with one line. */
async function drawInvoice(tx: Tx, id: string, tenantId: string, description: string) {
  const at = new Date(0);
  const period = { periodStart: at, periodEnd: at, wholeHours: 1, finalizesAt: at };
  await tx.invoice.create({
    data: { id, tenantId, currency: 'EUR', provider: 'invoice', ...period },
  });
  await tx.invoiceLine.create({
    data: {
      ...{ invoiceId: id, n: 1, tenantId, kind: 'base', description, amountMicro: 1n },
      ...{ periodStart: at, fromHour: at, toHour: at },
    },
  });
  await tx.invoice.update({
    where: { id },
    data: { state: 'open', number: `HL-1970-${description}`, finalizedAt: at, dueAt: at },
  });
}

/** A body that would be taken, so that nothing but the id can be the reason for a refusal. */
export const BODIES: Partial<Record<RouteName, unknown>> = {
  changePassword: { password: PASSWORD, newPassword: 'another long password' },
  beginTwoStep: { password: PASSWORD },
  confirmTwoStep: { code: '000000' },
  renewRecoveryCodes: { password: PASSWORD },
  endTwoStep: { password: PASSWORD },
  passkeyOptions: { password: PASSWORD },
  addPasskey: { name: 'planted', credential: {} },
  removePasskey: { password: PASSWORD },
  linkIdentity: { password: PASSWORD },
  unlinkIdentity: { password: PASSWORD, issuer: 'https://provider.example' },
  createApp: { name: 'planted' },
  updateApp: { name: 'taken over' },
  createKey: {},
  rotateKey: {},
  updateKey: { allowedIps: [] },
  can: { capabilities: {}, channel: 'planted', operation: 'publish' },
  createNamespace: { name: 'planted' },
  putNamespace: {},
  updateNamespace: { presence: false },
  createRevocation: { clientId: 'x' },
  addMember: { email: 'planted@example.com', role: 'owner' },
  updateMember: { role: 'viewer' },
  createWebhook: { url: 'https://example.com/planted', events: ['key.created'] },
  updateWebhook: { enabled: false },
  rotateWebhook: {},
  replayWebhook: { from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' },
  putPlan: { planId: 'developer' },
  checkout: { planId: 'developer' },
  billingPortal: {},
  putBudget: { amountMicro: '9000000', currency: 'EUR', stop: true },
};

export function fill(path: string, ids: Ids): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: keyof Ids) => ids[name]);
}
