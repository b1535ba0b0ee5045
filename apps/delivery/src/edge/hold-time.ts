import { HEADER, LIMIT } from '#contracts';
import type { Principal } from '#access';
import type { Exchange, FlatHeaders } from './exchange.js';

/** How long a hold may last, and why. */
export interface HoldTime {
  readonly seconds: number;
  readonly reason: 'asked' | 'default' | 'limit' | 'path';
  /** It was `Prefer` that asked, and so it is done. */
  readonly isPreferred?: boolean;
}

/** What an answer says of its hold. */
export function holdHeaders({ seconds, reason, isPreferred }: HoldTime): FlatHeaders {
  const said = [HEADER.hold, `${seconds}; reason=${reason}`];
  return isPreferred ? [...said, 'Preference-Applied', `wait=${seconds}`] : said;
}

const DEFAULT_HOLD: HoldTime = { seconds: LIMIT.holdDefaultSeconds, reason: 'default' };

/**
 * What was asked for (the query before `Prefer: wait`, RFC 7240), else the default; never past the end
 * of the credential.
 */
export function holdTime(
  exchange: Exchange,
  wait: number | null,
  principal: Principal,
  now: number,
): HoldTime {
  let time = DEFAULT_HOLD;
  if (wait !== null) time = { seconds: wait, reason: 'asked' };
  else {
    const prefer = exchange.header('prefer');
    const preferred =
      prefer === undefined ? null : /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(prefer);
    if (preferred) {
      const seconds = Number(preferred[1]);
      time =
        seconds > LIMIT.holdMaxSeconds
          ? { seconds: LIMIT.holdMaxSeconds, reason: 'limit' }
          : { seconds, reason: 'asked', isPreferred: true };
    }
  }
  if (principal.expiresAt === null) return time;
  const left = Math.max(0, Math.ceil((principal.expiresAt - now) / 1000));
  return left < time.seconds ? { seconds: left, reason: 'limit' } : time;
}
