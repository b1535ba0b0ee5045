import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Act } from '../../ui/act.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { amount, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Empty, Facts, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { InvoicesTable } from './invoices-table.js';
import { LookDialog } from './look-dialog.js';
import { tenantQuery } from './operator-queries.js';
import { TenantBilling } from './tenant-billing.js';
import { TenantLimits } from './tenant-limits.js';
import { TENANT_TONE } from './tenants-page.js';

export function TenantPage() {
  const { tenant: id } = useParams({ from: '/operator-shell/operator/tenants/$tenant' });
  const client = useQueryClient();
  const query = useQuery(tenantQuery(id));
  const [isLooking, setLooking] = useState(false);
  const setStatus = async (status: 'active' | 'suspended') => {
    await answered(
      api.PATCH('/v1/operator/tenants/{tenant}', {
        params: { path: { tenant: id } },
        body: { status },
      }),
    );
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
  return (
    <Loaded query={query}>
      {(tenant) => (
        <Page
          title={tenant.name}
          lead={<code>{tenant.id}</code>}
          actions={
            <>
              <Button onClick={() => setLooking(true)}>Look as this tenant</Button>
              {tenant.status === 'active' ? (
                <Confirm
                  action="Suspend"
                  title={`Suspend ${tenant.name}?`}
                  onConfirm={() => setStatus('suspended')}
                >
                  All its keys and tokens are refused everywhere within a second and its held
                  requests end. Nothing is deleted; its members can still look.
                </Confirm>
              ) : (
                <Act kind="main" onAct={() => setStatus('active')}>
                  Make active again
                </Act>
              )}
            </>
          }
        >
          <div className="grid-2">
            <Card title="What it is">
              <Facts
                items={[
                  [
                    'State',
                    <Badge key="s" tone={TENANT_TONE[tenant.status]}>
                      {tenant.status}
                    </Badge>,
                  ],
                  ['Since', <Moment key="c" at={tenant.createdAt} />],
                  ['Plan', tenant.plan?.name ?? 'none'],
                  ['Working keys', whole(tenant.keys)],
                ]}
              />
            </Card>
            <Card title="Used this month">
              <Facts
                items={[
                  ['Published', whole(tenant.usage.total.messages_published)],
                  ['Delivered', whole(tenant.usage.total.messages_delivered)],
                  ['Held minutes', amount(tenant.usage.total.held_minutes)],
                  ['Peak of holds', whole(tenant.usage.total.peak_holds)],
                  ['Counted up to', <Moment key="a" at={tenant.usage.asOf} />],
                ]}
              />
            </Card>
          </div>
          <TenantBilling tenant={id} />
          <Card title="Invoices">
            <InvoicesTable
              filter={{ tenant: id }}
              empty={
                <Empty title="No invoice yet">
                  The first comes when a period of its plan ends.
                </Empty>
              }
            />
          </Card>
          <TenantLimits tenant={id} own={tenant.limits} />
          <Card title="Members">
            <Table
              caption="Members"
              items={tenant.people}
              keyOf={(person) => person.id}
              columns={[
                { head: 'E-mail', cell: ({ email }) => email },
                { head: 'Role', cell: ({ role }) => role },
              ]}
            />
          </Card>
          <Card title="Apps">
            {tenant.appList.length === 0 ? (
              <Empty title="No app">Its members make one in their dashboard.</Empty>
            ) : (
              <Table
                caption="Apps"
                items={tenant.appList}
                keyOf={(app) => app.id}
                columns={[
                  { head: 'Name', cell: ({ name }) => name },
                  { head: 'Id', cell: ({ id: app }) => <code>{app}</code> },
                  { head: 'State', cell: ({ status }) => status },
                  { head: 'Working keys', numeric: true, cell: ({ keys }) => whole(keys) },
                ]}
              />
            )}
          </Card>
          {isLooking && <LookDialog tenant={tenant} onClose={() => setLooking(false)} />}
        </Page>
      )}
    </Loaded>
  );
}
