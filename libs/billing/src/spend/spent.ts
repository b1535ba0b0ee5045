import { METERS, type Meter } from '#contracts';
import type { RatedLine } from '../rating/rate.js';
import { toPayable } from '../rating/rounding.js';

/** What usage costs so far. A base fee is no part of it: stopping would not save it. */
export function spentOn(lines: readonly RatedLine[]): bigint {
  return lines.reduce((sum, line) => (line.kind === 'usage' ? sum + line.amountMicro : sum), 0n);
}

/** An app's part of it: of each line, as its units are to all units of the line. */
export function spentByApp(
  lines: readonly RatedLine[],
  usageOfApp: readonly { readonly meter: Meter; readonly hour: number; readonly units: bigint }[],
  currency: string,
): bigint {
  let spent = 0n;
  for (const line of lines) {
    const { meter, from, to, amountMicro } = line;
    if (line.kind !== 'usage' || meter === null || line.units === 0n) continue;
    const mine = usageOfApp
      .filter((row) => row.meter === meter && row.hour >= from && row.hour < to)
      .reduce((sum, { units }) => together(meter, sum, units), 0n);
    spent += toPayable({ num: amountMicro * mine, den: line.units }, currency);
  }
  return spent;
}

function together(meter: Meter, a: bigint, b: bigint): bigint {
  if (METERS[meter].aggregation === 'sum') return a + b;
  return a > b ? a : b;
}
