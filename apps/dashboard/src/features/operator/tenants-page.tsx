import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { SelectField, TextField } from '../../ui/field.js';
import { whole } from '../../ui/figures.js';
import { Badge, Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { tenantsQuery, type TenantFilter } from './operator-queries.js';

export const TENANT_TONE = { active: 'good', suspended: 'bad', closed: undefined } as const;

const STATES = [
  { value: '', text: 'in any state' },
  { value: 'active', text: 'active' },
  { value: 'suspended', text: 'suspended' },
  { value: 'closed', text: 'closed' },
];

export function TenantsPage() {
  const [search, setSearch] = useState('');
  const [status, setStatus] = useState<TenantFilter['status']>('');
  const filter = useDeferredValue(search);
  const query = useInfiniteQuery(tenantsQuery({ search: filter, status }));
  return (
    <Page title="Tenants" lead="Everybody who signed up, the oldest first.">
      <div className="row">
        <TextField
          label="Search"
          placeholder="name, id or e-mail"
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <SelectField
          label="State"
          options={STATES}
          value={status}
          onChange={(event) => setStatus(event.target.value as TenantFilter['status'])}
        />
      </div>
      <PagedTable
        caption="Tenants"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="No tenant is like that">
            Search for a part of a name, an id, or the e-mail address of a member.
          </Empty>
        }
        columns={[
          {
            head: 'Tenant',
            cell: ({ id, name }) => (
              <div className="stack-small">
                <Link to="/operator/tenants/$tenant" params={{ tenant: id }}>
                  {name}
                </Link>
                <code className="small soft">{id}</code>
              </div>
            ),
          },
          {
            head: 'State',
            cell: ({ status: state }) => <Badge tone={TENANT_TONE[state]}>{state}</Badge>,
          },
          { head: 'Plan', cell: ({ plan }) => plan?.name ?? <span className="soft">none</span> },
          { head: 'Members', numeric: true, cell: ({ members }) => whole(members) },
          { head: 'Apps', numeric: true, cell: ({ apps }) => whole(apps) },
          { head: 'Keys', numeric: true, cell: ({ keys }) => whole(keys) },
          { head: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
        ]}
      />
    </Page>
  );
}
