import type { InvoiceWithLines } from '../../../libs/contracts/src/index.js';
import type { World } from '../../demo/world.js';
import type { SeededRandom } from '../../support/random.js';
import type { BadWeather } from './bad-weather.js';
import type { Killer } from './killer.js';
import type { Provider } from './provider.js';
import { HOUR_MS, MINUTE_MS, timeGoesOn } from './time.js';

/** Meters whose hours Stripe is told, of those that the providers use. */
const TOLD = ['messages_published', 'messages_delivered'] as const;

interface Phase {
  /** What is done in it, as the summary of kills says it. */
  readonly name: string;
  readonly moveTo: number;
  readonly done: () => Promise<boolean>;
}

export class MonthEnd {
  constructor(
    private readonly parts: {
      readonly world: World;
      readonly providers: readonly Provider[];
      readonly killer: Killer;
      readonly weather: BadWeather;
      readonly random: SeededRandom;
      readonly killsEach: number;
      readonly say: (text: string) => void;
    },
  ) {}

  /** Hours are sealed and told, the period ends, its invoices are made, collected, and paid. */
  async run(used: ReadonlyMap<Provider, Readonly<Record<string, number>>>): Promise<void> {
    const { world, providers } = this.parts;
    const begun = await timeGoesOn(world, 'the periods are known', () =>
      Promise.all(providers.map((provider) => provider.subscription())),
    );
    const ends = new Map(providers.map((one, n) => [one, begun[n]?.periodEnd ?? '']));
    const last = Math.max(...[...ends.values()].map((end) => Date.parse(end)));
    const all = async (is: (provider: Provider, end: string) => Promise<boolean> | boolean) => {
      for (const [provider, end] of ends) if (!(await is(provider, end))) return false;
      return true;
    };
    await this.phase({
      name: 'hours are sealed and told to Stripe',
      moveTo: world.now() + 2 * HOUR_MS,
      done: () =>
        all((provider) =>
          TOLD.every((meter) => this.atStripe(provider, meter) === used.get(provider)?.[meter]),
        ),
    });
    await this.phase({
      name: 'the period ends',
      moveTo: last + 5 * MINUTE_MS,
      done: () => all(async (provider, end) => (await provider.subscription()).periodStart === end),
    });
    await this.phase({
      name: 'the invoice is drawn up',
      moveTo: last + 15 * MINUTE_MS,
      done: () => all(async (provider, end) => (await invoiceOf(provider, end)) !== undefined),
    });
    await this.phase({
      name: 'the invoice is made final and collected',
      moveTo: last + HOUR_MS + MINUTE_MS,
      done: () => all(async (provider, end) => (await invoiceOf(provider, end))?.state === 'paid'),
    });
  }

  /** What Stripe counts for a meter: the newest value of each hour. */
  atStripe(provider: Provider, meter: string): number {
    const { account } = this.parts.world.stripe;
    const customer = [...account.customers.values()].find(
      (row) => !row.deleted && row.metadata['holdline_tenant'] === provider.tenantId,
    );
    const hours = new Map<number, number>();
    for (const { meterEvent, value, customer: of } of account.taken) {
      if (of === customer?.id && meterEvent.event_name === `holdline_${meter}`)
        hours.set(meterEvent.timestamp, Number(value.toString()));
    }
    return [...hours.values()].reduce((sum, value) => sum + value, 0);
  }

  /** Moves the clock, and kills meanwhile: once within a moment, and then while Stripe is being asked. */
  private async phase({ name, moveTo, done }: Phase): Promise<void> {
    const { world, killer, weather, random, killsEach, say } = this.parts;
    let left = killsEach;
    const strike = () => {
      if (left > 0 && killer.strike(name)) left--;
    };
    await world.moveTo(Math.max(moveTo, world.now()));
    const first = setTimeout(strike, random.below(400));
    weather.onRequest = () => {
      if (random.chance(0.2)) strike();
    };
    try {
      await timeGoesOn(world, name, async () => {
        const isDone = await done();
        // Too quick for it: it is struck afterwards, and has to stand all the same.
        if (isDone && left > 0) strike();
        return isDone && left === 0;
      });
    } catch (error) {
      throw new Error(`${name}: not yet, with ${left} kills to go. ${await this.account()}`, {
        cause: error,
      });
    } finally {
      clearTimeout(first);
      weather.onRequest = () => undefined;
    }
    say(`${name}: done`);
  }

  /** How things stand, for who reads of a failure. */
  private async account(): Promise<string> {
    const { world, providers } = this.parts;
    const ours = await Promise.all(
      providers.map(async ({ name, owner }) => {
        const { data } = await owner.call<{ data: unknown[] }>('GET', '/v1/billing/invoices');
        return `${name}’s invoices: ${JSON.stringify(data)}`;
      }),
    );
    const theirs = [...world.stripe.account.invoices.values()].map((row) => JSON.stringify(row));
    return [
      `It is ${new Date(world.now()).toISOString()} in the world.`,
      ...ours,
      `Stripe’s invoices: ${theirs.join('\n')}`,
      `Holdline said last: ${world.holdline.output().slice(-8_000)}`,
    ].join('\n');
  }
}

/** The invoice of the period that ended then; undefined until it is drawn up. */
export async function invoiceOf(
  { owner }: Provider,
  periodEnd: string,
): Promise<InvoiceWithLines | undefined> {
  const { data } = await owner.call<{ data: InvoiceWithLines[] }>('GET', '/v1/billing/invoices');
  const id = data.find((row) => row.periodEnd === periodEnd)?.id;
  if (id === undefined) return undefined;
  const invoice = await owner.call<InvoiceWithLines>('GET', `/v1/billing/invoices/${id}`);
  return invoice.lines.length > 0 ? invoice : undefined;
}
