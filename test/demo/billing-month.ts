import { randomUUID } from 'node:crypto';
import type { Pricing, Upcoming, UsageReport } from '../../libs/contracts/src/index.js';
import { eventually } from '../support/eventually.js';
import { Browser, Reader, Server } from './callers.js';
import { closeMonth } from './month-end.js';
import { euros, masked, Story } from './story.js';
import { WebhookReceiver } from './webhook-receiver.js';
import { SOON_MS, World } from './world.js';

/**
 * A provider's month end to end, on real processes and a fake Stripe, told line by line. It ends with 0
 * when the provider's own count, usage, invoice, Stripe's invoice and the ledger say the same.
 */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CHANNEL = 'orders:1';
const BUDGET = 30_000_000n;

interface PlanAnswer {
  readonly subscription: {
    readonly planId: string;
    readonly state: string;
    readonly provider: string;
    readonly periodStart: string;
    readonly periodEnd: string;
  } | null;
  readonly available: readonly { id: string; name: string; pricing: Pricing }[];
}

const story = new Story();
// The provider signed up 15 days ago: its trial of 14 days is over when the world's time is reached, and
// what delivery counts then (it is never moved) is charged.
const world = await World.start(-15 * DAY_MS);
const { apiUrl, deliveryUrl, demo } = world.holdline;
const receiver = new WebhookReceiver(world);
const operator = new Browser(apiUrl, '/v1/operator/login', demo.operator);
const owner = new Browser(apiUrl, '/v1/login', {
  email: 'owner@provider.example',
  password: randomUUID(),
});
const planNow = () => owner.call<PlanAnswer>('GET', '/v1/billing/plan');
const day = (at: number | string) =>
  new Date(at).toISOString().slice(0, 16).replace('T', ' ') + ' UTC';

try {
  await priceForADemonstration();
  const { app } = await signUp();
  await subscribe();
  await endTrial();
  const server = await prepare(app.id);
  const counted = await use(server);
  await closeMonth({ world, story, owner, operator, receiver, counted, planNow, day });
  process.exitCode = story.end();
} catch (error) {
  process.stdout.write(`\ndemo: stopped by ${String(error)}\n`);
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error) process.stdout.write(`  because of ${cause.message}\n`);
  process.stdout.write(`What Holdline said last:\n${world.holdline.output().slice(-3000)}\n`);
  process.exitCode = 1;
} finally {
  await receiver.close();
  await world.stop();
}

/** The real plan includes a million messages: more than a script should send to see a bill. */
async function priceForADemonstration(): Promise<void> {
  story.step(
    'The operator prices the plan Developer so that a few thousand messages cost something',
  );
  const { data } = await operator.call<{ data: PlanAnswer['available'] }>(
    'GET',
    '/v1/operator/plans',
  );
  const pricing = data.find(({ id }) => id === 'developer')?.pricing as Pricing;
  const prices = pricing.currencies.EUR as NonNullable<Pricing['currencies']['EUR']>;
  const messages_published = {
    mode: 'graduated' as const,
    tiers: [
      { upTo: '2000', amountMicro: '10000', per: '1' },
      { upTo: null, amountMicro: '8000', per: '1' },
    ],
  };
  const messages_delivered = {
    mode: 'flat' as const,
    tiers: [{ upTo: null, amountMicro: '1000', per: '1' }],
  };
  await operator.call('PATCH', '/v1/operator/plans/developer', {
    pricing: {
      ...pricing,
      included: { ...pricing.included, messages_published: '1000', messages_delivered: '2000' },
      currencies: {
        EUR: {
          ...prices,
          meters: { ...prices.meters, messages_published, messages_delivered },
        },
      },
    },
  });
  story.say(
    'published: 1000 included, then €0.01 each up to 2000 more, then €0.008',
    'delivered: 2000 included, then €0.001 each',
  );
}

async function signUp() {
  story.step(`A provider signs up, on ${day(world.now())}`);
  const made = await owner.signUp('Provider Ltd');
  story.say(`tenant ${made.tenant.id}, with its first app ${made.app.id}`);
  return made;
}

async function subscribe(): Promise<void> {
  story.step('It looks at the plans, and subscribes at Stripe');
  const { available } = await planNow();
  for (const { name, pricing } of available) {
    const month = pricing.currencies.EUR?.base.month ?? '0';
    const trial = pricing.trialDays > 0 ? `, ${pricing.trialDays} days of trial` : '';
    story.say(`${name}: ${euros(month)} a month${trial}`);
  }
  const { url } = await owner.call<{ url: string }>('POST', '/v1/billing/checkout', {
    planId: 'developer',
    currency: 'EUR',
    successUrl: 'https://provider.example/paid',
  });
  const paid = await fetch(url, { redirect: 'manual' });
  story.say(
    `checkout: ${url}`,
    `the card is entered there, and Stripe leads on to ${paid.headers.get('location')}`,
  );
  const held = () =>
    [...world.stripe.account.subscriptions.values()].every(
      (row) => row.pause_collection?.behavior === 'keep_as_draft',
    );
  const subscription = await eventually(
    'Stripe’s webhook makes the plan active',
    SOON_MS,
    async () => {
      const now = (await planNow()).subscription;
      return now?.provider === 'stripe' && held() && now;
    },
  );
  const { planId, state, periodEnd } = subscription;
  story.say(`by its signed webhook the plan ${planId} is ${state} until ${day(periodEnd)}`);
}

async function endTrial(): Promise<void> {
  await world.moveTo(Date.now());
  story.step(`Fifteen days later, on ${day(world.now())}, the trial is over`);
  const subscription = await eventually('the first paid period begins', SOON_MS, async () => {
    const now = (await planNow()).subscription;
    return now?.state === 'active' && now;
  });
  const { periodStart, periodEnd } = subscription;
  story.say(`the first paid month runs from ${day(periodStart)} to ${day(periodEnd)}`);
}

async function prepare(appId: string): Promise<Server> {
  story.step('It makes a key, a budget and an endpoint for webhooks');
  const made = await owner.call<{ key: string }>('POST', `/v1/apps/${appId}/keys`, {});
  const server = new Server(deliveryUrl, made.key);
  await eventually('delivery knows the key', SOON_MS, async () => {
    return (await server.ask('/v1/channels/probe/messages?wait=0')).status === 200;
  });
  const budget = { amountMicro: String(BUDGET), currency: 'EUR', stop: true };
  await owner.call('PUT', '/v1/billing/budgets', budget);
  const url = await receiver.listen();
  const events = ['warning', 'degraded', 'reached'].map((name) => `budget.${name}`);
  const { secret } = await owner.call<{ secret: string }>('POST', '/v1/webhooks', {
    url,
    events: [...events, 'invoice.created', 'invoice.finalized', 'invoice.paid'],
  });
  receiver.trust(secret);
  story.say(
    `key ${masked(made.key)}`,
    `budget for usage ${euros(BUDGET)} a month: a warning at four fifths, and a stop at the whole`,
    `webhooks to ${url}, signed with ${masked(secret)}`,
  );
  return server;
}

async function use(server: Server): Promise<{ published: number; delivered: number }> {
  story.step('It publishes, and receives by held requests');
  const reader = new Reader(server, CHANNEL, deliveryUrl);
  reader.start();
  let published = 0;
  for (const count of [1_000, 1_500, 900]) {
    await server.publish(CHANNEL, published + 1, count);
    published += count;
    await eventually('all of it is received', SOON_MS, () => reader.received === published);
    const total = await usageOf(published);
    const { totalMicro, lines } = await upcoming();
    const used = lines.reduce(
      (sum, line) => (line.kind === 'usage' ? sum + BigInt(line.amountMicro) : sum),
      0n,
    );
    story.say(
      `published ${published}, received ${reader.received} in ${reader.holds} answers; GET /v1/usage: ` +
        `${total.messages_published} and ${total.messages_delivered}; usage so far ${euros(used)}, the month ${euros(totalMicro)}`,
    );
  }
  await reader.stop();
  story.step('The warning at 80 % arrives as a signed webhook');
  const { type, data } = await receiver.next('budget.warning');
  story.say(
    `${type}: ${euros(String(data['usedMicro']))} of ${euros(String(data['maxMicro']))} used, level ${String(data['level'])}`,
  );
  await report(published);
  return { published, delivered: reader.received };
}

async function report(published: number): Promise<void> {
  story.step('GET /v1/usage and GET /v1/billing/upcoming');
  const ended = Date.now();
  await eventually('everything up to now is counted', SOON_MS, async () => {
    const { asOf } = await usage();
    return asOf !== null && Date.parse(asOf) > ended;
  });
  const total = await usageOf(published);
  for (const [meter, units] of Object.entries(total)) story.say(`${meter}: ${units}`);
  for (const { description, amountMicro } of (await upcoming()).lines)
    story.say(`upcoming: ${description}: ${euros(amountMicro)}`);
}

function usage(): Promise<UsageReport> {
  return owner.call('GET', '/v1/usage?granularity=total');
}

/** As soon as it says all that was published and received. */
function usageOf(count: number): Promise<UsageReport['total']> {
  return eventually(`usage says ${count}`, SOON_MS, async () => {
    const { total } = await usage();
    const { messages_published: sent, messages_delivered: received } = total;
    return sent === count && received === count && total;
  });
}

function upcoming(): Promise<Upcoming> {
  return owner.call('GET', '/v1/billing/upcoming');
}
