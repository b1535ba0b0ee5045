let isoSecond = Number.NaN;
let isoPrefix = '';

/** RFC 3339 in UTC with milliseconds. Formatting a date costs more than all else: once a second will do. */
export function isoTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== isoSecond) {
    isoPrefix = new Date(second * 1000).toISOString().slice(0, -4);
    isoSecond = second;
  }
  return `${isoPrefix}${String(ms - second * 1000).padStart(3, '0')}Z`;
}
