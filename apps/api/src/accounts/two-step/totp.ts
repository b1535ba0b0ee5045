import { timingSafeEqual } from 'node:crypto';
import { generateSecret, generateSync, generateURI } from 'otplib';

/** Seconds of a code; one before and one after are taken too, for clocks that differ. */
const STEP_SECONDS = 30;

/** A secret for an authenticator app (RFC 6238), and how it is handed over. */
export function newTotp(label: string): { secret: string; uri: string } {
  const secret = generateSecret();
  return { secret, uri: generateURI({ issuer: 'Holdline', label, secret }) };
}

/**
 * The time step that a code is of; undefined when it is of none near `now`. Whoever takes a code keeps its
 * step, and takes none up to it again.
 */
export function stepOfCode(secret: string, code: string, now: number): number | undefined {
  const step = Math.floor(now / 1000 / STEP_SECONDS);
  return [step, step - 1, step + 1].find((one) => same(codeOf(secret, one), code));
}

function codeOf(secret: string, step: number): string {
  return generateSync({ secret, epoch: step * STEP_SECONDS, period: STEP_SECONDS });
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
