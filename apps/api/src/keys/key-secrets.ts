import { sealContext } from '#access';

/** Binds a sealed signing secret to its row: copied into another key's row it does not open. */
export function signingSecretContext(tenantId: string, keyId: string): string {
  return sealContext({ tenantId, table: 'api_key', column: 'signing_secret', id: keyId });
}
