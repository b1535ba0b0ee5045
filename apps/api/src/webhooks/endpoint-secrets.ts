import { sealContext } from '#access';

/** Binds a sealed secret to its endpoint: copied into another row it does not open. */
export function endpointSecretContext({ tenantId, id }: { tenantId: string; id: string }): string {
  return sealContext({ tenantId, table: 'webhook_endpoint', column: 'secret', id });
}
