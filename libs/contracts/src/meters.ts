/**
 * What is counted, and what a unit of it is. Counts are whole numbers of a meter's base unit, so that
 * nothing is ever rounded before money is; `per` base units are one unit as people and prices say it.
 */
export const METERS = {
  messages_published: {
    title: 'Messages published',
    unit: 'message',
    base: 'message',
    per: 1,
    aggregation: 'sum',
  },
  messages_delivered: {
    title: 'Messages delivered',
    unit: 'message',
    base: 'message',
    per: 1,
    aggregation: 'sum',
  },
  held_minutes: {
    title: 'Time that requests and streams were held',
    unit: 'minute',
    base: 'millisecond',
    per: 60_000,
    aggregation: 'sum',
  },
  peak_holds: {
    title: 'Requests and streams held at once, at the peak of each hour',
    unit: 'hold',
    base: 'hold',
    per: 1,
    aggregation: 'max',
  },
  stored_gb_hours: {
    title: 'Messages kept, in gigabytes (10^9 bytes) times hours',
    unit: 'GB·hour',
    base: 'byte·hour',
    per: 1_000_000_000,
    aggregation: 'sum',
  },
  direct_messages: {
    title: 'Direct messages sent to clients',
    unit: 'message',
    base: 'message',
    per: 1,
    aggregation: 'sum',
  },
  webhook_deliveries: {
    title: 'Webhooks delivered',
    unit: 'delivery',
    base: 'delivery',
    per: 1,
    aggregation: 'sum',
  },
} as const satisfies Record<string, MeterEntry>;

interface MeterEntry {
  readonly title: string;
  readonly unit: string;
  readonly base: string;
  readonly per: number;
  /** `sum`: hours add up. `max`: a longer time has the largest of its hours. */
  readonly aggregation: 'sum' | 'max';
}

export type Meter = keyof typeof METERS;
export const METER_NAMES = Object.keys(METERS) as [Meter, ...Meter[]];
