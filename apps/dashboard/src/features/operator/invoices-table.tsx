import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { Check } from '../../ui/field.js';
import { money } from '../../ui/figures.js';
import { Badge } from '../../ui/page.js';
import { PagedTable, type Column } from '../../ui/paged-table.js';
import { dayText, lastDayText, Moment } from '../../ui/time.js';
import { operatorInvoicesQuery, type InvoiceFilter } from './operator-queries.js';
import { PaymentDialog } from './payment-dialog.js';
import { TenantLink } from './tenant-link.js';

export type OperatorInvoice =
  paths['/v1/operator/invoices']['get']['responses'][200]['content']['application/json']['data'][number];

const TONE = { draft: undefined, open: 'warn', paid: 'good', void: undefined } as const;

const OF_TENANT: Column<OperatorInvoice> = {
  head: 'Tenant',
  cell: ({ tenantId, tenantName }) => <TenantLink tenant={{ id: tenantId, name: tenantName }} />,
};

interface Props {
  readonly filter: InvoiceFilter;
  readonly empty: ReactNode;
}

/** Invoices, and what an operator does with those that are open. */
export function InvoicesTable({ filter, empty }: Props) {
  const query = useInfiniteQuery(operatorInvoicesQuery(filter));
  const [paid, setPaid] = useState<OperatorInvoice | null>(null);
  return (
    <>
      <PagedTable
        caption="Invoices"
        query={query}
        keyOf={({ id }) => id}
        empty={empty}
        columns={[
          { head: 'Number', cell: ({ number }) => number ?? 'Draft' },
          ...(filter.tenant === undefined ? [OF_TENANT] : []),
          {
            head: 'Period',
            cell: ({ periodStart, periodEnd }) =>
              `${dayText(periodStart)} – ${lastDayText(periodEnd)}`,
          },
          { head: 'State', cell: ({ state }) => <Badge tone={TONE[state]}>{state}</Badge> },
          { head: 'Collected by', cell: ({ provider }) => provider },
          {
            head: 'Due',
            numeric: true,
            cell: ({ dueMicro, currency }) => money(dueMicro, currency),
          },
          {
            head: 'Paid',
            numeric: true,
            cell: ({ paidMicro, currency }) => money(paidMicro, currency),
          },
          {
            head: 'Until',
            cell: ({ state, dueAt }) => (state === 'open' ? <Moment at={dueAt} day /> : ''),
          },
          {
            head: 'Actions',
            cell: (invoice) =>
              invoice.state === 'open' && (
                <div className="row">
                  <Button
                    size="small"
                    aria-label={`Enter a payment of ${invoice.number}`}
                    onClick={() => setPaid(invoice)}
                  >
                    Enter a payment
                  </Button>
                  <VoidInvoice invoice={invoice} />
                </div>
              ),
          },
        ]}
      />
      {paid && <PaymentDialog invoice={paid} onClose={() => setPaid(null)} />}
    </>
  );
}

function VoidInvoice({ invoice: { id, number } }: { readonly invoice: OperatorInvoice }) {
  const client = useQueryClient();
  const [redraw, setRedraw] = useState(false);
  const takeBack = async () => {
    await answered(
      api.POST('/v1/operator/invoices/{invoice}/void', {
        params: { path: { invoice: id } },
        body: { redraw },
      }),
    );
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
  return (
    <Confirm
      action="Void"
      size="small"
      label={`Void ${number}`}
      title={`Void ${number}?`}
      onConfirm={takeBack}
    >
      <div className="stack">
        <p>
          Its postings are reversed, its credits and coupons given back. The tenant owes nothing for
          this period then, unless it is drawn up anew.
        </p>
        <Check
          label="Draw the period up anew at once"
          checked={redraw}
          onChange={(event) => setRedraw(event.target.checked)}
        />
      </div>
    </Confirm>
  );
}
