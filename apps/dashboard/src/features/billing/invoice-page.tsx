import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { money } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Empty, Facts, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { dayText, lastDayText, Moment } from '../../ui/time.js';
import { ExplainDialog } from './explain-dialog.js';
import { INVOICE_TONE } from './invoices-card.js';
import { LinesTable, type Line } from './lines-table.js';

export function InvoicePage() {
  const { invoice } = useParams({ from: '/shell/billing/invoices/$invoice' });
  const [explained, setExplained] = useState<Line | null>(null);
  const query = useQuery({
    queryKey: ['billing', 'invoices', invoice],
    queryFn: () =>
      answered(api.GET('/v1/billing/invoices/{invoice}', { params: { path: { invoice } } })),
  });
  return (
    <Loaded query={query}>
      {(data) => (
        <Page
          title={data.number ? `Invoice ${data.number}` : 'Draft invoice'}
          actions={
            data.number !== null && (
              <a className="button" href={`/v1/billing/invoices/${invoice}/pdf`} download>
                Download the PDF
              </a>
            )
          }
        >
          <Card title="Invoice">
            <Facts
              items={[
                [
                  'State',
                  <Badge key="s" tone={INVOICE_TONE[data.state]}>
                    {data.state}
                  </Badge>,
                ],
                ['Period', `${dayText(data.periodStart)} – ${lastDayText(data.periodEnd)}`],
                ['Total', money(data.totalMicro, data.currency)],
                ['Paid', money(data.paidMicro, data.currency)],
                [
                  'Due',
                  data.dueAt === null ? 'when it is final' : <Moment key="d" at={data.dueAt} day />,
                ],
              ]}
            />
          </Card>
          <Card title="Lines">
            {data.lines.length === 0 && (
              <Empty title="Nothing was charged">The period was free, or in a trial.</Empty>
            )}
            <LinesTable
              lines={data.lines}
              totals={data}
              more={(line) => (
                <Button
                  size="small"
                  aria-label={`Explain ${line.description}`}
                  onClick={() => setExplained(line)}
                >
                  Explain
                </Button>
              )}
            />
          </Card>
          <Card title="Payments">
            {data.payments.length === 0 ? (
              <Empty title="No payment yet">It shows here when it arrives.</Empty>
            ) : (
              <Table
                caption="Payments"
                items={data.payments}
                keyOf={({ ref }) => ref}
                columns={[
                  { head: 'When', cell: ({ at }) => <Moment at={at} /> },
                  { head: 'State', cell: ({ state }) => state },
                  { head: 'Reference', cell: ({ ref }) => <code>{ref}</code> },
                  {
                    head: 'Amount',
                    numeric: true,
                    cell: ({ amountMicro }) => money(amountMicro, data.currency),
                  },
                ]}
              />
            )}
          </Card>
          {explained && (
            <ExplainDialog invoice={invoice} line={explained} onClose={() => setExplained(null)} />
          )}
        </Page>
      )}
    </Loaded>
  );
}
