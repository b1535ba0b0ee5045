import { LIMITS, type LiveLimitEvents, type NearLimits, type OperatorLimits } from '#contracts';

const DAY_MS = 24 * 3_600_000;

type Event = LiveLimitEvents['events'][number];
type Near = NearLimits['limits'][number];
export type Trouble = Omit<OperatorLimits['data'][number], 'tenant' | 'title'> & {
  readonly tenantId: string;
};

/**
 * One row for each limit that refused something in the last day or is nearly used up, the fullest first.
 * Of one that is both, how often it refused goes with how full it is now.
 */
export function troubleOf(events: readonly Event[], near: readonly Near[], now: number): Trouble[] {
  const rows = new Map<string, Trouble>();
  const put = (row: Trouble) => rows.set(nameOf(row), row);
  for (const { type, at, times, resetAt, ...rest } of events) {
    if (!isKnown(rest) || isOver(at, resetAt, now)) continue;
    const { name, tenantId, appId, subject, used, max } = rest;
    const before = rows.get(nameOf(rest));
    const refused = (before?.refused ?? 0) + (type === 'limit.reached' ? times : 0);
    const row = { ...{ tenantId, appId, subject, name, used, max, resetAt }, at, refused };
    put({ ...row, share: shareOf(rest), state: refused > 0 ? 'reached' : 'warning' });
  }
  for (const row of near) {
    if (!isKnown(row)) continue;
    const before = rows.get(nameOf(row));
    const { name, tenantId, appId, subject, used, max } = row;
    put({
      ...{ at: null, resetAt: null, refused: 0, state: 'warning' as const },
      ...before,
      ...{ name, tenantId, appId, subject, used, max, share: shareOf(row) },
    });
  }
  return [...rows.values()].sort((a, b) => b.share - a.share || b.refused - a.refused);
}

/** What refused is told for a day; of a quota for as long as it counts, since it is as full until then. */
function isOver(at: string, resetAt: string | null, now: number): boolean {
  if (Date.parse(at) > now - DAY_MS) return false;
  return resetAt === null || Date.parse(resetAt) <= now;
}

const isKnown = ({ name }: { name: string }) => Object.hasOwn(LIMITS, name);

const shareOf = ({ used, max }: { used: number; max: number }) =>
  Math.round((used / Math.max(1, max)) * 10_000) / 10_000;

const nameOf = ({ tenantId, appId, name }: Pick<Near, 'tenantId' | 'appId' | 'name'>) =>
  [tenantId, appId, name].join(' ');
