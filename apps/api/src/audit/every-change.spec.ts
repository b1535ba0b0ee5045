import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES, type AuditEntry, type RouteSpec } from '#contracts';
import { generateSync } from 'otplib';
import { BillingWorker } from '../billing/billing-worker.js';
import { startTestApi, type Caller, type SignedUp, type TestApi } from '../testing/test-api.js';

type RouteName = keyof typeof CONTROL_ROUTES;

interface World extends SignedUp {
  readonly keyId: string;
  readonly operator: Caller;
  readonly operatorCookie: string;
}

interface Change {
  /** What the entry says. */
  readonly action: string;
  /** Makes one change by the route, for this tenant. */
  readonly make: (world: World) => Promise<{ status: number }>;
}

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

/** Routes that change nothing of a tenant’s, and why. Those of operators: operator/staff/staff.spec.ts. */
const NOTHING_OF_A_TENANT: Partial<Record<RouteName, string>> = {
  operatorLogin: 'An operator belongs to no tenant.',
  operatorLogout: 'An operator belongs to no tenant.',
  operatorChangePassword: 'An operator belongs to no tenant.',
  operatorBeginTwoStep: 'An operator belongs to no tenant.',
  operatorConfirmTwoStep: 'An operator belongs to no tenant.',
  operatorRenewRecoveryCodes: 'An operator belongs to no tenant.',
  operatorEndTwoStep: 'An operator belongs to no tenant.',
  operatorAddStaff: 'An operator belongs to no tenant.',
  operatorRemoveStaff: 'An operator belongs to no tenant.',
  operatorCreatePlan: 'A plan belongs to no tenant.',
  operatorUpdatePlan: 'A plan belongs to no tenant.',
  operatorRetirePlan: 'A plan belongs to no tenant.',
  operatorCreateCoupon: 'A coupon belongs to no tenant until it is given to one.',
  operatorEndCoupon: 'A coupon belongs to no tenant until it is given to one.',
  passkeyOptions: 'It makes a challenge, which is not stored.',
  passkeyLoginOptions: 'It makes a challenge, which is not stored.',
  addPasskey: 'It takes an authenticator: accounts/passkeys/passkeys.spec.ts finds its entry.',
  passkeyLogin: 'It takes an authenticator: accounts/passkeys/passkeys.spec.ts finds its entry.',
  linkIdentity:
    'It leads to the provider: accounts/oidc/oidc.spec.ts finds the entry of what comes back.',
  consoleToken: 'It makes a token, which is not stored.',
  can: 'It only says what a credential may do.',
  startTrace: 'It lets delivery note, for ten minutes, what the tenant then looks at.',
  checkout: 'It says where to pay; what comes of it is told by the provider.',
  billingPortal: 'It says where to look; what comes of it is told by the provider.',
  operatorRetryEvent:
    'An event of Stripe’s belongs to no tenant; what it means is audited when it is applied.',
  stripeWebhook: 'It notes that something happened at Stripe; what it means is applied later.',
};

const beginTwoStep = ({ call, password }: SignedUp) =>
  call('POST', '/v1/account/two-step', { body: { password } });

async function enableTwoStep(world: SignedUp) {
  const { secret } = (await beginTwoStep(world)).body as { secret: string };
  const code = generateSync({ secret, epoch: Math.floor(t.clock.now() / 1000) });
  return world.call('POST', '/v1/account/two-step/confirm', { body: { code } });
}

const guest = async (world: World, role = 'viewer'): Promise<string> => {
  const email = `guest-of-${world.tenantId.toLowerCase()}@example.com`;
  const added = await world.call('POST', '/v1/members', { body: { email, role } });
  return added.body.id as string;
};

const newWebhook = (call: Caller) =>
  call('POST', '/v1/webhooks', {
    body: { url: 'https://example.com/hook', events: ['key.created'] },
  });
const webhookOf = async (call: Caller): Promise<string> =>
  `/v1/webhooks/${(await newWebhook(call)).body.id}`;

const setBudget = async (world: World) => {
  await subscribe(world);
  return world.call('PUT', '/v1/billing/budgets', {
    body: { amountMicro: '9000000', currency: 'EUR', stop: true },
  });
};

const subscribe = ({ operator, tenantId }: Pick<World, 'operator' | 'tenantId'>) =>
  operator('PATCH', `/v1/operator/tenants/${tenantId}/billing`, {
    body: { planId: 'developer' },
  });

/** A period later. Whoever was signed in is so no longer. */
async function finalInvoice(world: World) {
  await subscribe(world);
  const { body } = await world.call('GET', '/v1/billing/plan');
  t.clock.advance(Date.parse(body.subscription.periodEnd) + 3_600_000 - t.clock.now());
  await t.api.app.get(BillingWorker).invoice(async () => t.clock.now());
  const operator = await signInOperator();
  const invoice = await t.database.asSystem((tx) =>
    tx.invoice.findFirstOrThrow({ where: { tenantId: world.tenantId, state: 'open' } }),
  );
  const { id, dueMicro } = invoice;
  return { id, dueMicro: String(dueMicro), operator };
}

async function operatorCookieOf(): Promise<string> {
  const login = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  return String(login.headers['set-cookie']).split(';', 1)[0]!;
}

const signInOperator = async (): Promise<Caller> => t.withCookie(await operatorCookieOf());

/** That Stripe did not take. */
async function refusedHour(tenantId: string) {
  const hour = new Date(Math.floor(t.clock.now() / 3_600_000) * 3_600_000);
  const meter = 'messages_published';
  await t.database.asSystem((tx) =>
    tx.stripeHour.create({
      data: {
        ...{ tenantId, meter, hour, version: 1, units: 5n, state: 'refused' },
        ...{ nextAt: hour, fault: 'No such customer.' },
      },
    }),
  );
  return { tenantId, meter, hour: hour.toISOString() };
}

/** One change for each route. A new route that changes something fails until it stands here. */
const CHANGES: Partial<Record<RouteName, Change>> = {
  signup: { action: 'tenant.created', make: async () => ({ status: 201 }) },
  login: {
    action: 'login.succeeded',
    make: ({ email, password }) => t.nobody('POST', '/v1/login', { body: { email, password } }),
  },
  logout: { action: 'session.ended', make: ({ call }) => call('POST', '/v1/logout') },
  switchTenant: {
    action: 'session.switched',
    make: ({ call, tenantId }) => call('POST', `/v1/tenants/${tenantId}/switch`),
  },
  createApp: {
    action: 'app.created',
    make: ({ call }) => call('POST', '/v1/apps', { body: { name: 'second' } }),
  },
  updateApp: {
    action: 'app.updated',
    make: ({ call, appId }) => call('PATCH', `/v1/apps/${appId}`, { body: { name: 'renamed' } }),
  },
  deleteApp: {
    action: 'app.revoked',
    make: ({ call, appId }) => call('DELETE', `/v1/apps/${appId}`),
  },
  createKey: {
    action: 'key.created',
    make: ({ call, appId }) => call('POST', `/v1/apps/${appId}/keys`, { body: {} }),
  },
  updateKey: {
    action: 'key.updated',
    make: ({ call, appId, keyId }) =>
      call('PATCH', `/v1/apps/${appId}/keys/${keyId}`, { body: { name: 'renamed' } }),
  },
  rotateKey: {
    action: 'key.rotated',
    make: ({ call, appId, keyId }) =>
      call('POST', `/v1/apps/${appId}/keys/${keyId}/rotate`, { body: {} }),
  },
  revokeKey: {
    action: 'key.revoked',
    make: ({ call, appId, keyId }) => call('DELETE', `/v1/apps/${appId}/keys/${keyId}`),
  },
  createNamespace: {
    action: 'namespace.created',
    make: ({ call, appId }) =>
      call('POST', `/v1/apps/${appId}/namespaces`, { body: { name: 'room' } }),
  },
  putNamespace: {
    action: 'namespace.created',
    make: ({ call, appId }) => call('PUT', `/v1/apps/${appId}/namespaces/room`, { body: {} }),
  },
  updateNamespace: {
    action: 'namespace.updated',
    make: async ({ call, appId }) => {
      await call('PUT', `/v1/apps/${appId}/namespaces/room`, { body: {} });
      return call('PATCH', `/v1/apps/${appId}/namespaces/room`, { body: { presence: false } });
    },
  },
  deleteNamespace: {
    action: 'namespace.removed',
    make: async ({ call, appId }) => {
      await call('PUT', `/v1/apps/${appId}/namespaces/room`, { body: {} });
      return call('DELETE', `/v1/apps/${appId}/namespaces/room`);
    },
  },
  createRevocation: {
    action: 'revocation.created',
    make: ({ call, appId }) =>
      call('POST', `/v1/apps/${appId}/revocations`, { body: { clientId: 'alice' } }),
  },
  changePassword: {
    action: 'password.changed',
    make: ({ call, password }) =>
      call('PUT', '/v1/account/password', {
        body: { password, newPassword: 'another long password' },
      }),
  },
  endOtherSessions: {
    action: 'sessions.ended',
    make: ({ call }) => call('POST', '/v1/account/sessions/end'),
  },
  beginTwoStep: { action: 'two-step.begun', make: (world) => beginTwoStep(world) },
  confirmTwoStep: { action: 'two-step.enabled', make: (world) => enableTwoStep(world) },
  renewRecoveryCodes: {
    action: 'recovery-codes.renewed',
    make: async (world) => {
      await enableTwoStep(world);
      const { call, password } = world;
      return call('POST', '/v1/account/two-step/recovery-codes', { body: { password } });
    },
  },
  endTwoStep: {
    action: 'two-step.disabled',
    make: async (world) => {
      await enableTwoStep(world);
      const { call, password } = world;
      return call('POST', '/v1/account/two-step/off', { body: { password } });
    },
  },
  removePasskey: {
    action: 'passkey.removed',
    make: async ({ call, password, userId }) => {
      const id = `pky_of_${userId}`;
      await t.database.asSystem((tx) =>
        tx.passkey.create({
          data: {
            ...{ id, userId, credentialId: id, name: 'Phone', counter: 0n, transports: [] },
            publicKey: new Uint8Array([1]),
          },
        }),
      );
      return call('POST', `/v1/account/passkeys/${id}/remove`, { body: { password } });
    },
  },
  unlinkIdentity: {
    action: 'identity.unlinked',
    make: async ({ call, password, userId }) => {
      const issuer = 'https://provider.example';
      await t.database.asSystem((tx) =>
        tx.oidcIdentity.create({ data: { issuer, subject: userId, userId } }),
      );
      return call('POST', '/v1/account/identities/unlink', { body: { password, issuer } });
    },
  },
  addMember: {
    action: 'member.added',
    make: ({ call }) =>
      call('POST', '/v1/members', { body: { email: 'new@example.com', role: 'viewer' } }),
  },
  updateMember: {
    action: 'member.updated',
    make: async (world) =>
      world.call('PATCH', `/v1/members/${await guest(world)}`, { body: { role: 'billing' } }),
  },
  removeMember: {
    action: 'member.removed',
    make: async (world) => world.call('DELETE', `/v1/members/${await guest(world)}`),
  },
  createWebhook: { action: 'webhook.created', make: ({ call }) => newWebhook(call) },
  updateWebhook: {
    action: 'webhook.updated',
    make: async ({ call }) =>
      call('PATCH', await webhookOf(call), { body: { description: 'changed' } }),
  },
  deleteWebhook: {
    action: 'webhook.deleted',
    make: async ({ call }) => call('DELETE', await webhookOf(call)),
  },
  rotateWebhook: {
    action: 'webhook.rotated',
    make: async ({ call }) => call('POST', `${await webhookOf(call)}/rotate`, { body: {} }),
  },
  testWebhook: {
    action: 'webhook.tested',
    make: async ({ call }) => call('POST', `${await webhookOf(call)}/test`),
  },
  replayWebhook: {
    action: 'webhook.replayed',
    make: async ({ call }) =>
      call('POST', `${await webhookOf(call)}/replay`, {
        body: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
      }),
  },
  putPlan: {
    action: 'subscription.updated',
    make: ({ call }) => call('PUT', '/v1/billing/plan', { body: { planId: 'developer' } }),
  },
  putBudget: { action: 'budget.set', make: setBudget },
  deleteBudget: {
    action: 'budget.removed',
    make: async (world) => {
      await setBudget(world);
      return world.call('DELETE', '/v1/billing/budgets');
    },
  },
  operatorUpdateTenantBilling: { action: 'subscription.updated', make: subscribe },
  operatorGiveCredit: {
    action: 'credit.granted',
    make: ({ operator, tenantId }) =>
      operator('POST', `/v1/operator/tenants/${tenantId}/credits`, {
        body: { amountMicro: '5000000', currency: 'EUR', reason: 'sorry', ref: 'sorry-1' },
      }),
  },
  operatorRecordPayment: {
    action: 'payment.recorded',
    make: async (world) => {
      const { id, dueMicro, operator } = await finalInvoice(world);
      return operator('POST', `/v1/operator/invoices/${id}/payments`, {
        body: { amountMicro: dueMicro, currency: 'EUR', ref: `bank-${id}` },
      });
    },
  },
  operatorVoidInvoice: {
    action: 'invoice.voided',
    make: async (world) => {
      const { id, operator } = await finalInvoice(world);
      return operator('POST', `/v1/operator/invoices/${id}/void`, { body: {} });
    },
  },
  operatorImpersonate: {
    action: 'impersonation.began',
    make: ({ operator, tenantId }) =>
      operator('POST', `/v1/operator/tenants/${tenantId}/impersonate`, {
        body: { reason: 'They asked for help.' },
      }),
  },
  operatorEndImpersonation: {
    action: 'impersonation.ended',
    make: async ({ operator, operatorCookie, tenantId }) => {
      const begun = await operator('POST', `/v1/operator/tenants/${tenantId}/impersonate`, {
        body: { reason: 'They asked for help.' },
      });
      const look = String(begun.headers['set-cookie']).split(';', 1)[0];
      return t.withCookie(`${operatorCookie}; ${look}`)('DELETE', '/v1/operator/impersonation');
    },
  },
  operatorSettleDifference: {
    action: 'difference.settled',
    make: async ({ operator, tenantId }) => {
      const key = `hour:${tenantId}`;
      await t.database.asSystem((tx) =>
        tx.stripeDifference.create({
          data: {
            ...{ key, tenantId, kind: 'hour', ours: '5', theirs: '4', note: 'Look.' },
            foundAt: new Date(t.clock.now()),
          },
        }),
      );
      return operator('POST', '/v1/operator/stripe/differences/settle', {
        body: { id: key, note: 'Corrected by hand.' },
      });
    },
  },
  operatorRetryHour: {
    action: 'stripe-hour.retried',
    make: async ({ operator, tenantId }) =>
      operator('POST', '/v1/operator/stripe/hours/retry', { body: await refusedHour(tenantId) }),
  },
  operatorForgoHour: {
    action: 'stripe-hour.forgone',
    make: async ({ operator, tenantId }) =>
      operator('POST', '/v1/operator/stripe/hours/forgo', {
        body: { ...(await refusedHour(tenantId)), note: 'The customer is gone.' },
      }),
  },
  operatorUpdateTenant: {
    action: 'tenant.updated',
    make: ({ operator, tenantId }) =>
      operator('PATCH', `/v1/operator/tenants/${tenantId}`, { body: { status: 'suspended' } }),
  },
};

async function furnish(): Promise<World> {
  const user = await t.signUp();
  const key = await user.call('POST', `/v1/apps/${user.appId}/keys`, { body: {} });
  const operatorCookie = await operatorCookieOf();
  return {
    ...user,
    keyId: key.body.id,
    operator: t.withCookie(operatorCookie),
    operatorCookie,
  };
}

const changing = (Object.entries(CONTROL_ROUTES) as [RouteName, RouteSpec][]).filter(
  ([name, route]) => route.method !== 'GET' && !(name in NOTHING_OF_A_TENANT),
);

describe('every change by the control plane leaves its entry in the audit log', () => {
  test('each route that changes something is tried here', () => {
    expect(changing.map(([name]) => name).sort()).toEqual(Object.keys(CHANGES).sort());
  });

  test.each(Object.entries(CHANGES))('%s', async (_name, { action, make }) => {
    const world = await furnish();
    const { status } = await make(world);
    expect(status).toBeLessThan(300);
    const entries = await t.database.withTenant(world.tenantId, (tx) =>
      tx.auditEntry.findMany({ orderBy: { seq: 'desc' } }),
    );
    const found: Pick<AuditEntry, 'action' | 'ip'>[] = entries;
    // Who did it, and from where.
    expect(found).toContainEqual(
      expect.objectContaining({ action, ip: expect.stringMatching(/./) }),
    );
    const verified = await t.withCookie(world.cookie)('GET', '/v1/audit/verify');
    // Who has signed out sees nothing any more.
    if (verified.status === 200) expect(verified.body.intact).toBe(true);
  });
});
