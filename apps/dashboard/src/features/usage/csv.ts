import { METER_NAMES, type Meter } from '../../../../../libs/contracts/src/meters.js';

interface Bucket {
  readonly start: string;
  readonly end: string;
  readonly app?: string | undefined;
  readonly key?: string | undefined;
  readonly namespace?: string | undefined;
  readonly channel?: string | undefined;
  readonly usage: Readonly<Record<Meter, number>>;
}

const GROUPS = ['app', 'key', 'namespace', 'channel'] as const;

/** What stands on the page, as a file. Channel names come from users: no cell begins a formula. */
export function downloadCsv(name: string, buckets: readonly Bucket[]): void {
  const head = ['start', 'end', ...GROUPS, ...METER_NAMES];
  const rows = buckets.map((bucket) => [
    bucket.start,
    bucket.end,
    ...GROUPS.map((group) => bucket[group] ?? ''),
    ...METER_NAMES.map((meter) => String(bucket.usage[meter])),
  ]);
  const text = [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
