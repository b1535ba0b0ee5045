import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { money } from '../../ui/figures.js';
import { Badge, Card, Empty } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { dayText, lastDayText, Moment } from '../../ui/time.js';
import { invoicesQuery } from './billing-queries.js';

export const INVOICE_TONE = {
  draft: undefined,
  open: 'warn',
  paid: 'good',
  void: undefined,
} as const;

export function InvoicesCard() {
  const query = useInfiniteQuery(invoicesQuery);
  return (
    <Card title="Invoices">
      <PagedTable
        caption="Invoices"
        query={query}
        keyOf={({ id }) => id}
        empty={<Empty title="No invoice yet">The first comes when this period ends.</Empty>}
        columns={[
          {
            head: 'Number',
            cell: ({ id, number }) => (
              <Link to="/billing/invoices/$invoice" params={{ invoice: id }}>
                {number ?? 'Draft'}
              </Link>
            ),
          },
          {
            head: 'Period',
            cell: ({ periodStart, periodEnd }) =>
              `${dayText(periodStart)} – ${lastDayText(periodEnd)}`,
          },
          {
            head: 'State',
            cell: ({ state }) => <Badge tone={INVOICE_TONE[state]}>{state}</Badge>,
          },
          {
            head: 'Total',
            numeric: true,
            cell: ({ totalMicro, currency }) => money(totalMicro, currency),
          },
          {
            head: 'Due',
            cell: ({ dueAt, paidAt }) =>
              paidAt ? (
                <>
                  paid <Moment at={paidAt} day />
                </>
              ) : dueAt ? (
                <Moment at={dueAt} day />
              ) : (
                ''
              ),
          },
        ]}
      />
    </Card>
  );
}
