import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { money, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Moment } from '../../ui/time.js';
import { DifferencesCard } from './differences-card.js';
import { reconciliationQuery } from './operator-queries.js';
import { TenantLink } from './trouble-page.js';

type Hour =
  paths['/v1/operator/reconciliation']['get']['responses'][200]['content']['application/json']['refusedHours'][number];

export function ReconciliationPage() {
  const query = useQuery(reconciliationQuery);
  const client = useQueryClient();
  const [problem, setProblem] = useState<unknown>(null);
  const retry = async ({ tenant, meter, hour }: Hour) => {
    setProblem(null);
    try {
      await answered(
        api.POST('/v1/operator/stripe/hours/retry', {
          body: { tenantId: tenant.id, meter, hour },
        }),
      );
    } catch (error) {
      setProblem(error);
    }
    await client.invalidateQueries({ queryKey: reconciliationQuery.queryKey });
  };
  return (
    <Page
      title="Reconciliation"
      lead="Whether usage, ledger, invoices and Stripe say the same. Worked out anew each time that it is opened."
      actions={
        <Button busy={query.isFetching} onClick={() => void query.refetch()}>
          Look again
        </Button>
      }
    >
      <Loaded query={query}>
        {({ checks, stripe, uncleared, refusedHours }) => (
          <>
            <Card title="Checks">
              <Table
                caption="Checks"
                items={checks}
                keyOf={({ name }) => name}
                columns={[
                  {
                    head: 'Check',
                    cell: ({ name, compares }) => (
                      <div className="stack-small">
                        <strong>{name}</strong>
                        <span className="small soft">{compares}</span>
                      </div>
                    ),
                  },
                  {
                    head: 'State',
                    cell: ({ ok }) => (
                      <Badge tone={ok ? 'good' : 'bad'}>{ok ? 'holds' : 'look'}</Badge>
                    ),
                  },
                  { head: 'Found', cell: ({ found }) => found },
                ]}
              />
              {stripe === 'not connected' && (
                <p className="soft small">
                  Stripe is not connected: invoices are collected by hand, and nothing is reported.
                </p>
              )}
            </Card>
            <ProblemNote problem={problem} />
            {refusedHours.length > 0 && (
              <Card title="Hours that Stripe did not take">
                <Table
                  caption="Hours that Stripe did not take"
                  items={refusedHours}
                  keyOf={({ tenant, meter, hour }) => [tenant.id, meter, hour].join(' ')}
                  columns={[
                    { head: 'Tenant', cell: ({ tenant }) => <TenantLink tenant={tenant} /> },
                    { head: 'Meter', cell: ({ meter }) => <code>{meter}</code> },
                    { head: 'Hour', cell: ({ hour }) => <Moment at={hour} /> },
                    { head: 'Units', numeric: true, cell: ({ units }) => whole(Number(units)) },
                    { head: 'Stripe said', cell: ({ fault }) => fault },
                    {
                      head: 'Actions',
                      cell: (hour) => (
                        <Button size="small" onClick={() => void retry(hour)}>
                          Send again
                        </Button>
                      ),
                    },
                  ]}
                />
              </Card>
            )}
            {uncleared.length > 0 && (
              <Card title="Left in clearing">
                <Table
                  caption="Left in clearing"
                  items={uncleared}
                  keyOf={({ tenant, account, currency }) =>
                    [tenant.id, account, currency].join(' ')
                  }
                  columns={[
                    { head: 'Tenant', cell: ({ tenant }) => <TenantLink tenant={tenant} /> },
                    { head: 'Account', cell: ({ account }) => <code>{account}</code> },
                    {
                      head: 'Amount',
                      numeric: true,
                      cell: ({ amountMicro, currency }) => money(amountMicro, currency),
                    },
                  ]}
                />
              </Card>
            )}
          </>
        )}
      </Loaded>
      <DifferencesCard />
    </Page>
  );
}
