import { CURRENCIES } from '#contracts';

/** As people read it: `1,234.50 EUR`. Digits that are no whole cent are shown, never rounded away. */
export function moneyText(micro: bigint, currency: string): string {
  const digits = CURRENCIES[currency as keyof typeof CURRENCIES] ?? 2;
  const sign = micro < 0n ? '-' : '';
  const size = micro < 0n ? -micro : micro;
  const whole = String(size / 1_000_000n).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = String(size % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
    .padEnd(digits, '0');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`} ${currency}`;
}
