import { Link } from '@tanstack/react-router';

export function TenantLink({ tenant }: { readonly tenant: { id: string; name: string } }) {
  return (
    <Link to="/operator/tenants/$tenant" params={{ tenant: tenant.id }}>
      {tenant.name}
    </Link>
  );
}
