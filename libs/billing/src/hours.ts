export const HOUR_MS = 3_600_000;

/**
 * The first full hour that begins at this time or later. Whatever begins within an hour holds from the
 * next one on: usage is known by the hour, and no hour is priced twice.
 */
export function nextFullHour(at: Date): Date {
  return new Date(Math.ceil(at.getTime() / HOUR_MS) * HOUR_MS);
}

export function hoursBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / HOUR_MS);
}

/** 00:00 UTC of the first day of the month that holds this time, or of one so many months later. */
export function monthStart(at: Date, later = 0): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later, 1));
}

/** The calendar month, or the twelve months from its month on, that holds this time. */
export function calendarPeriod(at: Date, interval: 'month' | 'year'): { start: Date; end: Date } {
  return { start: monthStart(at), end: monthStart(at, interval === 'year' ? 12 : 1) };
}
