import { SignJWT } from 'jose';
import { type Capabilities, LIMIT, Problem, type SnapshotKey } from '#contracts';
import { signingKeyBytes } from './key-material.js';

export interface TokenOrder {
  readonly key: Pick<SnapshotKey, 'id' | 'appId' | 'signingSecret' | 'expiresAt'>;
  readonly clientId?: string | undefined;
  /** Seconds; default `LIMIT.tokenDefaultSeconds`, at most `LIMIT.tokenMaxSeconds`. */
  readonly ttl?: number | undefined;
  /** None: all that the key may do, also what it may do later. */
  readonly capabilities?: Capabilities | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The token's id (`jti`), by which it alone can be revoked. Unique in the app. */
  readonly id: string;
}

/** As POST /v1/tokens answers: `expiresAt` in RFC 3339. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: string;
}

/**
 * Signs as the customer's own server would: HS256 with the key's signing secret, so that every node
 * verifies it from what it knows already, and nothing is stored. Times are exact to the millisecond
 * (RFC 7519 allows fractions): a token made right after its client was revoked is already a new one.
 *
 * Rejects with `invalid_request` when the capabilities make it longer than a token may be.
 */
export async function issueToken(order: TokenOrder): Promise<IssuedToken> {
  const life = Math.min(order.ttl ?? LIMIT.tokenDefaultSeconds, LIMIT.tokenMaxSeconds) * 1000;
  // A key in its rotation grace takes its tokens with it: say so, rather than promise more.
  const expiresAt = Math.min(order.now + life, order.key.expiresAt ?? Number.POSITIVE_INFINITY);
  const token = await new SignJWT({
    jti: order.id,
    app: order.key.appId,
    iat: order.now / 1000,
    exp: expiresAt / 1000,
    ...(order.clientId === undefined ? {} : { clientId: order.clientId }),
    ...(order.capabilities === undefined ? {} : { capabilities: order.capabilities }),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: order.key.id })
    .sign(signingKeyBytes(order.key));
  if (token.length > LIMIT.tokenBytes) {
    throw new Problem(
      'invalid_request',
      `With these capabilities the token would have ${token.length} bytes; at most ` +
        `${LIMIT.tokenBytes} are allowed. Name fewer patterns, or shorter ones (\`room:*\`).`,
    );
  }
  return { token, expiresAt: new Date(expiresAt).toISOString() };
}
