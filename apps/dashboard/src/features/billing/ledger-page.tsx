import { useInfiniteQuery } from '@tanstack/react-query';
import { money } from '../../ui/figures.js';
import { Card, Empty, Page } from '../../ui/page.js';
import { PagedTable, Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { ledgerQuery } from './billing-queries.js';

export function LedgerPage() {
  const query = useInfiniteQuery(ledgerQuery);
  const balances = query.data?.pages[0]?.balances ?? [];
  return (
    <Page
      title="Ledger"
      lead="Double entry: debits are positive, and each transaction adds up to nothing. Nothing is ever changed; a correction is a transaction of its own."
    >
      {balances.length > 0 && (
        <Card title="Balances">
          <Table
            caption="Balances"
            items={balances}
            keyOf={({ account, currency }) => `${account} ${currency}`}
            columns={[
              { head: 'Account', cell: ({ account }) => account },
              {
                head: 'Balance',
                numeric: true,
                cell: ({ amountMicro, currency }) => money(amountMicro, currency),
              },
            ]}
          />
        </Card>
      )}
      <PagedTable
        caption="Transactions"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="Nothing is booked yet">The first invoice makes the first entries.</Empty>
        }
        columns={[
          { head: 'When', cell: ({ at }) => <Moment at={at} /> },
          {
            head: 'What',
            cell: ({ kind, ref, reverses }) => (
              <div className="stack-small">
                <strong>{kind.replaceAll('_', ' ')}</strong>
                <code className="small">{ref}</code>
                {reverses !== null && <span className="small soft">reverses {reverses}</span>}
              </div>
            ),
          },
          {
            head: 'Entries',
            cell: ({ entries }) => (
              <dl className="facts">
                {entries.map(({ account, amountMicro, currency }, index) => (
                  <div key={index} style={{ display: 'contents' }}>
                    <dt>{account}</dt>
                    <dd className="number">{money(amountMicro, currency)}</dd>
                  </div>
                ))}
              </dl>
            ),
          },
        ]}
      />
    </Page>
  );
}
