import { useEffect, useState } from 'react';

/** Now, in ms since 1970, again each `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** `59:12`, `23:59:12`, or `29 days` where seconds do not matter yet. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} days`;
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(seconds % 60)}`;
}

/** `12 s`, `5 min`, `3 h`, `4 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

interface Props {
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly rotatedAt: string;
}

/** A key that another took over from: how long it works still, and whether somebody needs it. */
export function GraceClock({ expiresAt, lastUsedAt, rotatedAt }: Props) {
  const now = useNow(1_000);
  const left = Date.parse(expiresAt) - now;
  const used = lastUsedAt === null ? null : Date.parse(lastUsedAt);
  return (
    <div className="stack-small">
      <span>{left > 0 ? `refused in ${countdown(left)}` : 'refused now'}</span>
      <span className="small soft">
        {used !== null && used > Date.parse(rotatedAt)
          ? `Still used: last ${span(now - used)} ago, after it was rotated.`
          : 'Nobody has used it since it was rotated: it can be revoked.'}
      </span>
    </div>
  );
}

/** When somebody used it last, as time goes by. */
export function LastUsed({ at }: { readonly at: string | null }) {
  const now = useNow(1_000);
  if (at === null) return <span className="soft">not in 90 days</span>;
  return (
    <time dateTime={at} title={at}>
      {span(now - Date.parse(at))} ago
    </time>
  );
}
