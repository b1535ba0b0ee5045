const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** A moment in the viewer's zone; the exact one, with its zone, on hover. */
export function Moment({
  at,
  day = false,
}: {
  readonly at: string | null;
  readonly day?: boolean;
}) {
  if (at === null) return <span className="soft">never</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={at}>
      {(day ? DAY : FULL).format(date)}
    </time>
  );
}

export function dayText(at: string): string {
  return DAY.format(new Date(at));
}

/** An end that is exclusive, as the last day before it. */
export function lastDayText(end: string): string {
  return DAY.format(new Date(Date.parse(end) - 1));
}
