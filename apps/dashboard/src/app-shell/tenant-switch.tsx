import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answered, api } from '../api/client.js';
import { useMe } from '../api/use-me.js';

/** Which tenant is looked at; a choice for who is a member of several. */
export function TenantSwitch() {
  const { tenant, tenants } = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  if (tenants.length < 2) return <strong className="small">{tenant?.name ?? 'No tenant'}</strong>;
  const choose = async (id: string) => {
    await answered(api.POST('/v1/tenants/{tenant}/switch', { params: { path: { tenant: id } } }));
    await navigate({ to: '/' });
    await client.resetQueries();
  };
  return (
    <select
      className="input"
      aria-label="Tenant"
      value={tenant?.id ?? ''}
      onChange={(event) => void choose(event.target.value)}
    >
      {tenants.map(({ tenant: { id, name } }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}
