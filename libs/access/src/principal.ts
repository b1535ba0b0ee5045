import {
  type EffectiveLimits,
  type Operation,
  Problem,
  reservedRoute,
  type Spend,
} from '#contracts';

/** Who asks, and what they may do. Built only from a verified credential, never from a path. */
export interface Principal {
  readonly tenantId: string;
  readonly appId: string;
  /**
   * The API key behind the request. For a token signed by one of the app's registered public keys:
   * `jwk:<appId>:<thumbprint>`, which no API key's id can equal, nor another app's.
   */
  readonly keyId: string;
  readonly kind: 'key' | 'token';
  readonly clientId: string | null;
  readonly tokenId: string | null;
  /** Milliseconds since 1970; null for a key. A revocation is measured against it. */
  readonly issuedAt: number | null;
  /** Milliseconds since 1970, when the credential stops: a hold must not outlive it. null: never. */
  readonly expiresAt: number | null;
  may(operation: Operation, channel: string): boolean;
  /** May use the control plane (scripts). Never true for a token. */
  readonly admin: boolean;
  /** The app's, narrowed by the key's own; `NO_LIMITS` for none. */
  readonly limits: EffectiveLimits;
  /** Where the app stands with its budgets. */
  readonly spend: Spend | undefined;
  readonly allowedOrigins: readonly string[];
  /** Addresses and networks that the credential may be used from; none: anywhere. */
  readonly allowedIps: readonly string[];
}

/**
 * Throws `forbidden`, which names the missing right, unless the principal has it. For channels that a
 * request names: those of the reserved namespaces are refused here, whatever the rights.
 */
export function requireCapability(
  principal: Principal,
  operation: Operation,
  channel: string,
): void {
  const route = reservedRoute(channel);
  if (route !== null) {
    throw new Problem(
      'forbidden',
      `The channel ${JSON.stringify(channel)} serves point to point and cannot be named directly. Use ${route}.`,
      { capability: { operation, channel } },
    );
  }
  requireRight(principal, operation, channel);
}

/** The same for a channel that a route of its own leads to, as inboxes and links have. */
export function requireRight(principal: Principal, operation: Operation, channel: string): void {
  if (principal.may(operation, channel)) return;
  throw new Problem(
    'forbidden',
    `This ${principal.kind} may not ${operation} on the channel ${JSON.stringify(channel)}. ` +
      `Use a key or token whose capabilities allow ${operation} there.`,
    { capability: { operation, channel } },
  );
}
