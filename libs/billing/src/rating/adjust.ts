import type { RatedLine } from './rate.js';

/** What all final lines so far billed of one segment and meter of a period. */
export interface BilledShare {
  readonly planId: string | null;
  readonly meter: string | null;
  readonly from: number;
  readonly to: number;
  readonly units: bigint;
  readonly amountMicro: bigint;
  readonly hours: ReadonlyMap<number, bigint>;
}

export interface Correction {
  readonly planId: string | null;
  readonly meter: string | null;
  readonly from: number;
  readonly to: number;
  readonly description: string;
  /** Truth less billed. */
  readonly units: bigint;
  readonly amountMicro: bigint;
  readonly hours: readonly { readonly hour: number; readonly units: bigint }[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What a period that was billed costs by what is known now, less what was billed of it. */
export function adjust(truth: readonly RatedLine[], billed: readonly BilledShare[]): Correction[] {
  const open = new Map(billed.map((share) => [keyOf(share), share]));
  const corrections: Correction[] = [];
  for (const line of truth) {
    const share = open.get(keyOf(line));
    open.delete(keyOf(line));
    corrections.push(...correct(line, share));
  }
  // Billed, and by what is known now nothing of it was used.
  for (const share of open.values()) {
    corrections.push(...correct({ ...share, ...EMPTY, description: String(share.meter) }, share));
  }
  return corrections;
}

const EMPTY = { units: 0n, amountMicro: 0n, hours: [], detail: {} } as const;

function correct(
  truth: Pick<RatedLine, 'from' | 'to' | 'units' | 'amountMicro' | 'hours' | 'description'> & {
    readonly planId: string | null;
    readonly meter: string | null;
    readonly detail: Readonly<Record<string, unknown>>;
  },
  billed: BilledShare | undefined,
): Correction[] {
  const now = new Map(truth.hours.map(({ hour, units }) => [hour, units]));
  const then = billed?.hours ?? new Map<number, bigint>();
  const hours = [...new Set([...now.keys(), ...then.keys()])]
    .sort((a, b) => a - b)
    .map((hour) => ({ hour, units: (now.get(hour) ?? 0n) - (then.get(hour) ?? 0n) }))
    .filter(({ units }) => units !== 0n);
  const amountMicro = truth.amountMicro - (billed?.amountMicro ?? 0n);
  if (hours.length === 0 && amountMicro === 0n) return [];
  const { planId, meter, from, to } = truth;
  return [
    {
      ...{ planId, meter, from, to, hours, amountMicro },
      units: truth.units - (billed?.units ?? 0n),
      description: `Correction of an earlier period: ${truth.description}`,
      detail: {
        billedMicro: String(billed?.amountMicro ?? 0n),
        rightMicro: String(truth.amountMicro),
        right: truth.detail,
      },
    },
  ];
}

function keyOf({
  planId,
  meter,
  from,
}: {
  planId: string | null;
  meter: string | null;
  from: number;
}) {
  return `${planId}|${meter}|${from}`;
}
