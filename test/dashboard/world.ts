import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { startHoldline, type Holdline } from '../support/holdline.js';
import { succeeded } from '../support/wire.js';

const DAY_MS = 86_400_000;
const SOON_MS = 30_000;

/** Whom the environment names: there beside the one of demo.json. */
export const NAMED_OPERATOR = {
  email: 'ops@holdline.example',
  password: 'named by the environment',
};

/** What a dashboard looks like after a month: a Holdline with a provider who has used it. */
export interface World {
  readonly holdline: Holdline;
  readonly owner: ControlPlane;
  /** Somebody with two-step sign-in. */
  readonly careful: ControlPlane;
  readonly app: string;
  readonly tenant: string;
  readonly client: DeliveryClient;
  readonly webhook: string;
  readonly invoice: string;
  /** The control plane’s clock goes so many milliseconds ahead. */
  passTime(ms: number): Promise<void>;
  end(): Promise<void>;
}

/** The control plane's clock begins 61 days ago and then comes to the present, so that a month is billed. */
export async function makeWorld({ postgres = 'lent' } = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'holdline-dashboard-'));
  const clock = join(folder, 'clock');
  await writeFile(clock, String(-61 * DAY_MS));
  const holdline = await startHoldline({
    postgres,
    env: {
      HOLDLINE_CLOCK_FILE: clock,
      STRIPE_HOST: '127.0.0.1:1',
      OPERATOR_EMAIL: NAMED_OPERATOR.email,
      OPERATOR_PASSWORD: NAMED_OPERATOR.password,
    },
  });
  const then = await ControlPlane.signUp(holdline.apiUrl, 'Acme Learning', 'owner@acme.example');
  succeeded(
    await then.ask('/v1/billing/plan', {
      method: 'PUT',
      json: { planId: 'business', interval: 'month', currency: 'EUR' },
    }),
    200,
  );
  try {
    return await live(holdline, then, clock, folder);
  } catch (error) {
    await holdline.stop();
    throw error;
  }
}

async function live(
  holdline: Holdline,
  then: ControlPlane,
  clock: string,
  folder: string,
): Promise<World> {
  await writeFile(clock, '0');
  const owner = await eventually('the clock is at the present', SOON_MS, async () => {
    const now = await ControlPlane.logIn(holdline.apiUrl, then.email, then.password);
    const { json } = await now.ask('/v1/audit?limit=1');
    const [newest] = (json as { data: { at: string }[] }).data;
    return newest !== undefined && Date.parse(newest.at) > Date.now() - DAY_MS ? now : undefined;
  });
  const [first] = await owner.list<{ id: string }>('/v1/apps');
  const app = (first as { id: string }).id;
  const { key } = await owner.createKey(app, { name: 'Classroom server' });
  await owner.createKey(app, {
    name: 'Reports',
    capabilities: { 'class:*': ['history'] },
    allowedIps: ['203.0.113.0/24'],
  });
  await owner.create(`/v1/apps/${app}/namespaces`, { name: 'class', retentionSeconds: 604_800 });
  await owner.create('/v1/members', { email: 'anna@example.com', role: 'developer' });
  const webhook = await owner.create<{ id: string }>('/v1/webhooks', {
    url: 'https://hooks.example.com/holdline',
    events: ['message.published', 'budget.warning', 'invoice.finalized'],
    channels: ['class:*'],
  });
  await owner.ask(`/v1/webhooks/${webhook.id}/test`, { method: 'POST' });
  succeeded(
    await owner.ask('/v1/billing/budgets', {
      method: 'PUT',
      json: { amountMicro: '50000000', currency: 'EUR', stop: true },
    }),
    200,
  );
  const client = await new DeliveryClient(holdline.deliveryUrl, key).known();
  await useIt(client);
  await workers(client);
  const invoice = await eventually('last month’s invoice is drawn up', SOON_MS, async () => {
    const invoices = await owner.list<{ id: string; number: string | null; totalMicro: string }>(
      '/v1/billing/invoices',
    );
    return invoices.find(({ number, totalMicro }) => number !== null && totalMicro !== '0')?.id;
  });
  await eventually('usage is counted', SOON_MS, async () => {
    const { json } = await owner.ask('/v1/usage?granularity=total');
    return (json as { total: { messages_published: number } }).total.messages_published > 0;
  });
  const { json: me } = await owner.ask('/v1/me');
  const tenant = (me as { tenant: { id: string } }).tenant.id;
  await operatorActs(holdline, tenant);
  return {
    holdline,
    owner,
    careful: await takeCare(holdline.apiUrl),
    app,
    tenant,
    client,
    webhook: webhook.id,
    invoice,
    passTime: (ms) => writeFile(clock, String(ms)),
    end: async () => {
      await holdline.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Turns two-step sign-in on, as an authenticator app would. */
async function takeCare(apiUrl: string): Promise<ControlPlane> {
  const careful = await ControlPlane.signUp(apiUrl);
  const { password } = careful;
  const begun = await careful.ask('/v1/account/two-step', { json: { password } });
  succeeded(begun, 200);
  const { secret } = begun.json as { secret: string };
  const json = { code: generateSync({ secret }) };
  succeeded(await careful.ask('/v1/account/two-step/confirm', { json }), 200);
  return careful;
}

/** What the platform's staff did: credit, a coupon, and a look at the tenant. */
async function operatorActs({ apiUrl, demo }: Holdline, tenant: string): Promise<void> {
  const operator = await ControlPlane.operator(apiUrl, demo.operator);
  const path = `/v1/operator/tenants/${tenant}`;
  // Two members of two: a limit in trouble.
  const limits = { holds_key: 10_000, members: 2 };
  await operator.create('/v1/operator/coupons', {
    ...{ code: 'SCHOOLS', name: 'Schools', basisPoints: 2_500, duration: 'forever' },
  });
  for (const [method, at, json] of [
    ['PATCH', path, { limits }],
    ['PATCH', `${path}/billing`, { addCoupon: 'SCHOOLS' }],
    [
      'POST',
      `${path}/credits`,
      { amountMicro: '20000000', currency: 'EUR', reason: 'Welcome', ref: 'welcome' },
    ],
    ['POST', `${path}/impersonate`, { reason: 'They asked about their invoice.' }],
  ] as const)
    succeeded(await operator.ask(at, { method, json }), 200);
}

/** A group with lag, something in flight and a dead letter; a client that holds its inbox; what was refused. */
async function workers(client: DeliveryClient): Promise<void> {
  const path = '/v1/channels/homework/groups/correctors';
  succeeded(
    await client.ask(path, { method: 'PUT', json: { from: 'start', maxAttempts: 1 } }),
    201,
  );
  for (let n = 1; n <= 9; n++)
    await client.publish('homework', { name: 'sheet', data: { sheet: n, pupil: 'anna' } });
  const { json } = await client.ask(`${path}/messages?limit=3&wait=0`);
  const [first] = (json as { messages: { ackId: string }[] }).messages;
  succeeded(await client.ask(`${path}/acks`, { json: { nack: [first?.ackId] } }), 200);
  const token = await client.token({ clientId: 'tablet-12', capabilities: { '*': ['*'] } });
  const tablet = client.as(token);
  await client.ask('/v1/clients/tablet-12/messages', { json: { data: 'Sheet 1 is corrected' } });
  succeeded(
    await tablet.ask('/v1/channels/class:algebra/presence/tablet-12', {
      ...{ method: 'PUT', json: { ttl: 300 } },
    }),
    200,
  );
  for (let n = 0; n < 4; n++) {
    await tablet.ask('/v1/channels/homework/groups/none/messages?wait=0');
    await tablet.ask('/v1/channels/homework/messages?limit=0');
  }
  const held = tablet.start('/v1/clients/me/messages?wait=300');
  held.reply.catch(() => undefined);
  await client.settle();
}

async function useIt(client: DeliveryClient): Promise<void> {
  const token = await client.token({ clientId: 'anna', capabilities: { '*': ['*'] } });
  await client.as(token).ask('/v1/channels/class:algebra/presence/anna', {
    method: 'PUT',
    json: { data: { role: 'teacher' } },
  });
  for (const channel of ['class:algebra', 'class:history', 'alerts']) {
    const held = client.hold(channel, { from: 'now', wait: 300 });
    held.reply.catch(() => undefined);
    await client.settle();
    for (let n = 1; n <= 12; n++)
      await client.publish(channel, {
        name: n % 3 === 0 ? 'answer' : 'question',
        data: { slide: n, text: `Slide ${n} of ${channel}` },
        headers: { room: '12' },
      });
  }
}
