import { useQuery } from '@tanstack/react-query';
import { Button } from '../../ui/button.js';
import { money } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { DifferencesCard } from './differences-card.js';
import { FailedEventsCard } from './failed-events-card.js';
import { reconciliationQuery } from './operator-queries.js';
import { RefusedHoursCard } from './refused-hours-card.js';
import { TenantLink } from './tenant-link.js';

const SAID = {
  ok: { tone: 'good', text: 'holds' },
  differs: { tone: 'bad', text: 'look' },
  'never run': { tone: undefined, text: 'not looked at' },
} as const;

export function ReconciliationPage() {
  const query = useQuery(reconciliationQuery);
  return (
    <Page
      title="Reconciliation"
      lead="Whether usage, ledger, invoices, payments and Stripe say the same. The books are added up anew each time that this is opened."
      actions={
        <Button busy={query.isFetching} onClick={() => void query.refetch()}>
          Look again
        </Button>
      }
    >
      <Loaded query={query}>
        {({ checks, stripe, uncleared, refusedHours, failedEvents }) => (
          <>
            <Card title="Checks">
              <div className="stack">
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
                      cell: ({ state, open }) => (
                        <Badge tone={SAID[state].tone}>
                          {SAID[state].text}
                          {open > 0 ? `: ${open}` : ''}
                        </Badge>
                      ),
                    },
                    { head: 'Found', cell: ({ found }) => found },
                    { head: 'Looked at', cell: ({ lastRunAt }) => <Moment at={lastRunAt} /> },
                  ]}
                />
                {stripe === 'not connected' && (
                  <p className="soft small">
                    Stripe is not connected: invoices are collected by hand, and nothing is
                    reported.
                  </p>
                )}
              </div>
            </Card>
            <RefusedHoursCard hours={refusedHours} />
            <FailedEventsCard events={failedEvents} />
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
