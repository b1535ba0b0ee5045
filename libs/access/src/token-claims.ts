import { z } from 'zod';
import { Capabilities, ClientId, LIMIT, Problem } from '#contracts';
import { refused } from './credential.js';

/** How far another server's clock may be ahead of ours, in milliseconds. */
export const SKEW_MS = 30_000;
const MAX_LIFE_MS = LIMIT.tokenMaxSeconds * 1000;

/** RFC 7519 NumericDate: seconds since 1970, with or without a fraction. */
const NumericDate = z.number().min(0).max(1e12);

const Claims = z.object({
  exp: NumericDate,
  iat: NumericDate.optional(),
  nbf: NumericDate.optional(),
  jti: z.string().min(1).max(LIMIT.idBytes).optional(),
  clientId: ClientId.optional(),
  sub: z.unknown().optional(),
  app: z.string().optional(),
  capabilities: Capabilities.optional(),
});

/** Refused now, and good in a while with nothing changed: the one refusal that must not be remembered. */
export class EarlyToken extends Problem {
  constructor(detail: string) {
    super('unauthenticated', detail);
  }
}

export interface TokenClaims {
  readonly clientId: string | null;
  readonly tokenId: string | null;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly app: string | null;
  /** null: the token does not say. */
  readonly capabilities: Capabilities | null;
}

/**
 * The claims of a payload whose signature was verified. Throws `unauthenticated` with the claim that
 * is wrong, `token_expired` when the time is over. Of a claim that stands there twice the last counts.
 */
export function readClaims(payload: Uint8Array, now: number): TokenClaims {
  const parsed = Claims.safeParse(parseJsonObject(payload));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(
      `The token's claim \`${issue?.path.join('.')}\` is not valid: ${issue?.message}.`,
    );
  }
  const claims = parsed.data;
  const expiresAt = toMs(claims.exp);
  if (expiresAt <= now) {
    throw new Problem(
      'token_expired',
      `The token expired at ${new Date(expiresAt).toISOString()}.`,
    );
  }
  // Without `iat` it may be as old as a token can be: a revocation then rather refuses one too many.
  const issuedAt = claims.iat === undefined ? expiresAt - MAX_LIFE_MS : toMs(claims.iat);
  if (expiresAt > now + MAX_LIFE_MS + SKEW_MS || expiresAt > issuedAt + MAX_LIFE_MS + SKEW_MS) {
    throw new EarlyToken(
      `A token lives ${LIMIT.tokenMaxSeconds} seconds at most: set \`exp\` nearer to \`iat\` and to now.`,
    );
  }
  if (issuedAt > now + SKEW_MS) {
    throw new EarlyToken(
      "The token's `iat` lies in the future. Set the clock of the server that signs.",
    );
  }
  if (claims.nbf !== undefined && toMs(claims.nbf) > now + SKEW_MS) {
    throw new EarlyToken(
      "The token is not valid yet (`nbf`). Wait, or set the signing server's clock.",
    );
  }
  return {
    clientId: claims.clientId ?? readSubject(claims.sub),
    tokenId: claims.jti ?? null,
    issuedAt,
    expiresAt,
    app: claims.app ?? null,
    capabilities: claims.capabilities ?? null,
  };
}

/** The payload as a JSON object, or an empty one: whatever was needed is then found to be missing. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Not UTF-8, or not JSON.
  }
  return {};
}

function readSubject(subject: unknown): string | null {
  if (subject === undefined) return null;
  const parsed = ClientId.safeParse(subject);
  if (parsed.success) return parsed.data;
  throw refused(`The token's claim \`sub\` is no client id: ${parsed.error.issues[0]?.message}.`);
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
