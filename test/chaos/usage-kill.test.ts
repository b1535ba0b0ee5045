import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pricing, UsageReport } from '../../libs/contracts/src/index.js';
import { rate } from '../../libs/billing/src/index.js';
import { Browser } from '../demo/callers.js';
import { World } from '../demo/world.js';
import { SeededRandom } from '../support/random.js';
import { check } from './checker.js';
import { BadWeather } from './usage-kill/bad-weather.js';
import { readBooks } from './usage-kill/books.js';
import { Figures } from './usage-kill/figures.js';
import { Killer } from './usage-kill/killer.js';
import { invoiceOf, MonthEnd } from './usage-kill/month-end.js';
import { Provider, WRITERS } from './usage-kill/provider.js';
import { HOUR_MS, timeGoesOn } from './usage-kill/time.js';

/**
 * P6 while delivery, api and PostgreSQL are killed with -9 and Stripe goes wrong, from the first publish
 * to the paid invoice. `npm run test:usage` runs it at length; what `npm test` runs is a twentieth of it.
 */
const IS_LONG = process.env['HOLDLINE_LONG'] === '1';
/** Requests that publish, at the least; requests that receive come on top. */
const OPERATIONS = IS_LONG ? 200_000 : 10_000;
const KILLS_AT_WORK = IS_LONG ? 30 : 4;
const KILLS_A_PHASE = IS_LONG ? 5 : 1;
const SILENCES = IS_LONG ? 3 : 0;
const PROVIDERS = ['First Ltd', 'Second Ltd'];
/** Messages delivered may be missing for so long before a kill of delivery. */
const MOST_LOST_MS = 2_000;
const LONG_MS = IS_LONG ? 3_000_000 : 400_000;
const SEED = IS_LONG ? 77 : 7;

const say = (text: string) => void process.stdout.write(`usage-kill: ${text}\n`);
const random = new SeededRandom(SEED);
let world: World;
beforeAll(async () => {
  // The providers subscribed yesterday: what delivery counts now falls into their first month.
  world = await World.start(-24 * HOUR_MS);
}, 120_000);
afterAll(() => world?.stop(), 60_000);

describe('a month while everything is killed', () => {
  test(
    'P6: published is the log’s count; delivered is never too much, and at most 2 s a kill too little; invoice, ledger, Stripe and a rating of its own are equal',
    async () => {
      const begun = performance.now();
      await priceSoThatUsageCosts();
      const killer = new Killer(world.holdline, random);
      const weather = new BadWeather(world, random, SILENCES);
      const providers: Provider[] = [];
      for (const [n, name] of PROVIDERS.entries()) {
        const provider = await Provider.signUp(world, name, SEED * 1000 + n);
        weather.onRequest = () => {
          if (killer.kills.length <= n && random.chance(0.1))
            killer.strike('a provider subscribes');
        };
        await provider.subscribe();
        providers.push(provider);
        say(`${name} has subscribed at Stripe`);
      }
      weather.onRequest = () => undefined;
      await world.moveTo(Date.now());

      await work(providers, killer);
      const used = new Map<Provider, Readonly<Record<string, number>>>();
      for (const provider of providers) used.set(provider, await usageOf(provider));
      const bound = killer.kills.filter(({ what }) => what === 'delivery').map(({ at }) => at);
      const end = new MonthEnd({
        ...{ world, providers, killer, weather, random, say },
        killsEach: KILLS_A_PHASE,
      });
      const periodEnds = new Map<Provider, string>();
      for (const one of providers) periodEnds.set(one, (await one.subscription()).periodEnd);
      await end.run(used);
      // From here on it is only looked at.
      world.stripe.faults.weather = () => null;

      const operations = sums(providers.map((provider) => provider.operations()));
      const total = Object.values(operations).reduce((sum, count) => sum + count, 0);
      const kinds = Object.entries(operations).map(([kind, count]) => `${count} × ${kind}`);
      say(`${total} operations in ${seconds(begun)}: ${kinds.join(', ')}`);
      say(`${killer.kills.length} kills: ${killer.summary()}`);
      say(`Stripe went wrong: ${weather.summary()}`);
      const figures = new Figures(say);
      for (const provider of providers) {
        const { name, attempts, logs, readers } = provider;
        const traces = readers.flatMap((reader) => [...reader.traces.values()]);
        expect(check({ attempts, logs, traces })).toEqual([]);
        const usage = used.get(provider) ?? {};
        const invoice = await invoiceOf(provider, periodEnds.get(provider) ?? '');
        if (!invoice) throw new Error(`${name} has no invoice`);
        const line = (meter: string) =>
          invoice.lines.find((row) => row.kind === 'usage' && row.meter === meter)?.units ?? 0;
        figures.same(`${name}: messages published`, {
          'in the log': provider.published,
          usage: usage['messages_published'] ?? 0,
          'Stripe’s meter': end.atStripe(provider, 'messages_published'),
          invoice: line('messages_published'),
        });
        figures.bounded(
          `${name}: messages delivered`,
          usage['messages_delivered'] ?? 0,
          provider.received,
          provider.takenBefore(bound, MOST_LOST_MS),
        );
        figures.same(`${name}: messages delivered`, {
          usage: usage['messages_delivered'] ?? 0,
          'Stripe’s meter': end.atStripe(provider, 'messages_delivered'),
          invoice: line('messages_delivered'),
        });
        const books = await readBooks(world, provider, invoice);
        const rated = rate(books.period, books.usage);
        figures.same(`${name}: the month, in millionths of a euro`, {
          'rated anew': rated.reduce((sum, { amountMicro }) => sum + amountMicro, 0n),
          invoice: invoice.totalMicro,
          'Stripe’s invoice': books.stripe.total,
          'paid at Stripe': books.stripe.paid,
          'ledger, revenue': -(books.ledger['revenue'] ?? 0n),
          'ledger, cash': books.ledger['cash'] ?? 0n,
        });
        figures.same(`${name}: what has to be nothing`, {
          usage_unbilled: books.ledger['usage_unbilled'] ?? 0n,
          receivable: books.ledger['receivable'] ?? 0n,
          cash_clearing: books.ledger['cash_clearing'] ?? 0n,
          'unbalanced transactions': books.unbalanced,
          'used and not charged': books.uncharged,
          'invoices at Stripe beyond the one': books.stripe.invoices - 1,
          nothing: 0,
        });
      }
      // An hour that Stripe summed up late is raised, looked at again each hour, and settled by itself.
      await timeGoesOn(world, 'no difference is open', async () => (await openDifferences()) === 0);
      expect(figures.wrong).toEqual([]);
      expect(attemptsOf(providers)).toBeGreaterThanOrEqual(OPERATIONS);
      expect(killer.kills.length).toBeGreaterThanOrEqual(KILLS_AT_WORK + 4 * KILLS_A_PHASE);
    },
    LONG_MS,
  );
});

/** Everybody publishes and reads. Somebody is killed at moments that chance chose, and hours are sealed meanwhile. */
async function work(providers: readonly Provider[], killer: Killer): Promise<void> {
  const writers = providers.length * WRITERS;
  const batches = Math.ceil(OPERATIONS / writers);
  const all = batches * writers;
  const due = Array.from({ length: KILLS_AT_WORK }, () => Math.floor(all * random.next() * 0.95));
  due.sort((a, b) => a - b);
  const seals = [0.4, 0.7].map((part) => Math.floor(all * part));
  const begun = performance.now();
  let acked = 0;
  let moved = Promise.resolve();
  const onAck = () => {
    acked++;
    if (acked >= (due[0] ?? Infinity) && killer.strike('messages are published')) due.shift();
    if (acked >= (seals[0] ?? Infinity)) {
      seals.shift();
      // The hour in which they publish is over for the control plane: it is told, and told again.
      moved = moved.then(() => world.moveTo(world.now() + HOUR_MS + HOUR_MS / 2));
    }
    if (acked % Math.ceil(all / 10) === 0)
      say(
        `${acked} of ${all} requests acknowledged, ${killer.kills.length} kills, ${seconds(begun)}`,
      );
  };
  await Promise.all(providers.map((provider) => provider.work(batches, onAck)));
  await moved;
}

/** As soon as everything up to now is counted. */
async function usageOf(provider: Provider): Promise<Readonly<Record<string, number>>> {
  const ended = Date.now();
  const [from, to] = [-2, 2].map((days) => new Date(ended + days * 24 * HOUR_MS).toISOString());
  return timeGoesOn(world, 'usage is as fresh as the end', async () => {
    const path = `/v1/usage?granularity=total&from=${from}&to=${to}`;
    const { asOf, total } = await provider.owner.call<UsageReport>('GET', path);
    return Date.parse(asOf ?? '') > ended && total;
  });
}

/** A price for each message, so that one too many or too few is seen; and no limits. */
async function priceSoThatUsageCosts(): Promise<void> {
  const operator = operatorsBrowser();
  const path = '/v1/operator/plans';
  const { data } = await operator.call<{ data: { id: string; pricing: Pricing }[] }>('GET', path);
  const pricing = data.find(({ id }) => id === 'developer')?.pricing as Pricing;
  const { base, meters } = pricing.currencies.EUR as NonNullable<Pricing['currencies']['EUR']>;
  const flat = (amountMicro: string) => ({
    mode: 'flat' as const,
    tiers: [{ upTo: null, amountMicro, per: '1' }],
  });
  const graduated = {
    mode: 'graduated' as const,
    tiers: [
      { upTo: '5000', amountMicro: '20000', per: '1' },
      { upTo: null, amountMicro: '10000', per: '1' },
    ],
  };
  await operator.call('PATCH', `${path}/developer`, {
    limits: {},
    pricing: {
      ...pricing,
      included: { messages_published: '1000', messages_delivered: '2000' },
      trialDays: 0,
      currencies: {
        EUR: {
          base,
          meters: {
            ...meters,
            messages_published: graduated,
            messages_delivered: flat('10000'),
            held_minutes: flat('70000'),
          },
        },
      },
    },
  });
}

async function openDifferences(): Promise<number> {
  const path = '/v1/operator/stripe/differences';
  const { data } = await operatorsBrowser().call<{
    data: { settledAt: string | null; note: string }[];
  }>('GET', path);
  const open = data.filter(({ settledAt }) => settledAt === null);
  for (const { note } of open) say(`open: ${note}`);
  return open.length;
}

function operatorsBrowser(): Browser {
  const { apiUrl, demo } = world.holdline;
  return new Browser(apiUrl, '/v1/operator/login', demo.operator);
}

function attemptsOf(providers: readonly Provider[]): number {
  return providers.reduce((sum, { attempts }) => sum + attempts.length, 0);
}

function sums(rows: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const row of rows)
    for (const [name, count] of Object.entries(row)) all[name] = (all[name] ?? 0) + count;
  return all;
}

function seconds(since: number): string {
  return `${Math.round((performance.now() - since) / 1000)} s`;
}
