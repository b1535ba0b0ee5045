const WHOLE = new Intl.NumberFormat();
const SHORT = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const PART = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

export function whole(value: number): string {
  return WHOLE.format(value);
}

/** 1 attempt, 2 attempts. */
export function counted(value: number, thing: string): string {
  return `${whole(value)} ${thing}${value === 1 ? '' : 's'}`;
}

/** 12 345 678 as 12.3M: for headlines, with the exact number beside it. */
export function short(value: number): string {
  return Math.abs(value) < 10_000 ? PART.format(value) : SHORT.format(value);
}

export function amount(value: number): string {
  return PART.format(value);
}

/** Millionths of a currency's unit, exact to the last of them that matters. */
export function money(micro: string, currency: string): string {
  const value = Number(micro) / 1_000_000;
  const format = new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    maximumFractionDigits: value !== 0 && Math.abs(value) < 1 ? 6 : 2,
  });
  return format.format(value);
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${PART.format(size)} ${units[unit]}`;
}
