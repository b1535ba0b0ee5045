import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { SelectField } from '../../ui/field.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { Told } from '../../ui/told.js';
import { operatorLogQuery, staffQuery } from './operator-queries.js';
import { TenantLink } from './tenant-link.js';

export function LogPage() {
  const [operator, setOperator] = useState('');
  const query = useInfiniteQuery(operatorLogQuery(operator));
  const staff = useQuery(staffQuery).data?.data ?? [];
  const emails = new Map(staff.map(({ id, email }) => [id, email]));
  return (
    <Page
      title="Log"
      lead="What operators did, newest first. What was done to a tenant stands in its own audit log too, and nobody changes either."
    >
      <SelectField
        label="Operator"
        value={operator}
        options={[
          { value: '', text: 'all' },
          ...staff.map(({ id, email }) => ({ value: id, text: email })),
        ]}
        onChange={(event) => setOperator(event.target.value)}
      />
      <PagedTable
        caption="Log"
        query={query}
        keyOf={({ id }) => String(id)}
        empty={
          <Empty title="Nothing yet">
            What an operator does from now on is written here: signing in, too.
          </Empty>
        }
        columns={[
          { head: 'When', cell: ({ at }) => <Moment at={at} /> },
          {
            head: 'Who',
            cell: ({ actor, ip }) => (
              <div className="stack-small">
                {emails.get(actor) ?? <code>{actor}</code>}
                {ip !== null && <span className="small soft">from {ip}</span>}
              </div>
            ),
          },
          {
            head: 'What',
            cell: ({ id, action, target, before, after }) => (
              <Told label={`entry ${id}`} {...{ action, target, before, after }} />
            ),
          },
          {
            head: 'Tenant',
            cell: ({ tenant }) =>
              tenant === null ? (
                <span className="soft">none</span>
              ) : (
                <TenantLink tenant={{ id: tenant, name: tenant }} />
              ),
          },
        ]}
      />
    </Page>
  );
}
