import { hourOf, type Meter, type UsageRows } from '#contracts';
import { Account, TenantHolds } from './account.js';

/** Who is charged. */
export interface Payer {
  readonly tenantId: string;
  readonly appId: string;
  readonly keyId: string;
}

/** An answer, as far as it is counted. The same object for everybody who gets it. */
export interface CountedAnswer {
  readonly counts: readonly {
    readonly channel: { readonly ref: { readonly app: string; readonly name: string } };
    readonly messages: number;
  }[];
}

interface Tally {
  /** Messages that somebody published: what the platform itself says is free. */
  readonly messages: number;
  receivers: number;
  /** Messages that receivers had been handed before. */
  again: number;
}

export interface UsageBookOptions {
  /** Channels told apart between two takes; what others have shares one row of its app. Default 20 000. */
  readonly channels?: number;
}

/** The platform's own channels begin with a control character, which no customer's can. */
const OWN = 1;

/**
 * Counts what is delivered and held, by key for the bill and by channel to look at. A receiver of a
 * fan-out costs two additions: what is in an answer is worked out once for all who get it.
 */
export class UsageBook {
  private readonly accounts = new Map<string, Account>();
  private readonly tenants = new Map<string, TenantHolds>();
  /** By what an answer hands out, not by the answer: its bytes need not be kept until they are counted. */
  private tallies = new Map<CountedAnswer['counts'], Tally>();
  private lastCounts: CountedAnswer['counts'] | null = null;
  private lastTally: Tally = { messages: 0, receivers: 0, again: 0 };
  private channels = new Map<string, Map<string, number>>();
  private channelCount = 0;
  private readonly maxChannels: number;

  constructor({ channels = 20_000 }: UsageBookOptions = {}) {
    this.maxChannels = channels;
  }

  /** The same account for as long as the book is kept: callers may keep it. */
  account({ tenantId, appId, keyId }: Payer): Account {
    const id = `${appId}\n${keyId}`;
    let account = this.accounts.get(id);
    if (!account) {
      let holds = this.tenants.get(tenantId);
      if (!holds) this.tenants.set(tenantId, (holds = new TenantHolds()));
      this.accounts.set(id, (account = new Account(appId, keyId, holds)));
    }
    return account;
  }

  /** How many messages of an answer are counted. */
  countedIn(answer: CountedAnswer): number {
    return this.tallyOf(answer).messages;
  }

  /** An answer has gone out to somebody, who had been handed `again` of its messages before. */
  delivered(account: Account, answer: CountedAnswer, again = 0): void {
    const tally = this.tallyOf(answer);
    if (tally.messages === 0) return;
    if (tally.receivers === 0) this.tallies.set(answer.counts, tally);
    tally.receivers += 1;
    tally.again += again;
    account.delivered += tally.messages - again;
  }

  /** The same where what was handed out is not shared. */
  deliveredOne(account: Account, channel: string, messages: number): void {
    account.delivered += messages;
    this.addChannel(account.app, channel, messages);
  }

  /**
   * Takes out what was counted since the last time; null: nothing.
   * @param now milliseconds since 1970. @param monotonic the clock that holds are measured by.
   */
  take(now: number, monotonic: number): UsageRows | null {
    const hour = hourOf(now);
    const rows: UsageRows = { keys: [], channels: [], tenants: [] };
    for (const account of this.accounts.values()) {
      const { app, key } = account;
      const note = (meter: Meter, units: number) => {
        if (units > 0) rows.keys.push({ app, key, meter, hour, units });
      };
      note('messages_delivered', account.takeDelivered());
      note('held_minutes', account.takeHeldMs(monotonic));
    }
    for (const [tenant, holds] of this.tenants) {
      const units = holds.takePeak();
      if (units > 0) rows.tenants.push({ tenant, meter: 'peak_holds', hour, units });
    }
    this.settleTallies();
    for (const [app, channels] of this.channels) {
      for (const [channel, units] of channels)
        rows.channels.push({ app, channel, meter: 'messages_delivered', hour, units });
    }
    this.channels = new Map();
    this.channelCount = 0;
    const isEmpty = rows.keys.length + rows.channels.length + rows.tenants.length === 0;
    return isEmpty ? null : rows;
  }

  /** Most answers of a fan-out come one after the other. */
  private tallyOf({ counts }: CountedAnswer): Tally {
    if (this.lastCounts === counts) return this.lastTally;
    let tally = this.tallies.get(counts);
    if (!tally) {
      let messages = 0;
      for (const count of counts)
        if (isCustomers(count.channel.ref.name)) messages += count.messages;
      tally = { messages, receivers: 0, again: 0 };
    }
    this.lastCounts = counts;
    return (this.lastTally = tally);
  }

  private settleTallies(): void {
    for (const [counts, { receivers, again }] of this.tallies) {
      let left = again;
      for (const { channel, messages } of counts) {
        const { app, name } = channel.ref;
        if (!isCustomers(name)) continue;
        const total = messages * receivers;
        const repeated = Math.min(left, total);
        left -= repeated;
        this.addChannel(app, name, total - repeated);
      }
    }
    this.tallies = new Map();
    this.lastCounts = null;
  }

  private addChannel(app: string, channel: string, messages: number): void {
    if (messages === 0) return;
    let channels = this.channels.get(app);
    if (!channels) this.channels.set(app, (channels = new Map<string, number>()));
    let name = channel;
    if (!channels.has(name)) {
      if (this.channelCount >= this.maxChannels) name = '';
      else this.channelCount += 1;
    }
    channels.set(name, (channels.get(name) ?? 0) + messages);
  }
}

/** Whether a channel is one that customers name. */
export function isCustomers(channel: string): boolean {
  return channel.charCodeAt(0) !== OWN;
}
