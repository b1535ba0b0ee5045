import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { CurrencyCode } from '../../../../../libs/contracts/src/currencies.js';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { TextField } from '../../ui/field.js';
import { money } from '../../ui/figures.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Badge, Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { dayText, lastDayText, Moment } from '../../ui/time.js';
import { toMicro } from './billing-dialogs.js';
import { allInvoicesQuery } from './operator-queries.js';

type Invoice =
  paths['/v1/operator/invoices']['get']['responses'][200]['content']['application/json']['data'][number];

const TONE = { draft: undefined, open: 'warn', paid: 'good', void: undefined } as const;

export function OperatorInvoicesPage() {
  const client = useQueryClient();
  const query = useInfiniteQuery(allInvoicesQuery);
  const [paid, setPaid] = useState<Invoice | null>(null);
  const again = () => client.invalidateQueries({ queryKey: allInvoicesQuery.queryKey });
  const takeBack = async (invoice: string) => {
    await answered(
      api.POST('/v1/operator/invoices/{invoice}/void', {
        params: { path: { invoice } },
        body: { redraw: false },
      }),
    );
    await again();
  };
  return (
    <Page title="Invoices" lead="Of all tenants, the newest first.">
      <PagedTable
        caption="Invoices"
        query={query}
        keyOf={({ id }) => id}
        empty={<Empty title="No invoice yet">The first comes when a tenant’s period ends.</Empty>}
        columns={[
          { head: 'Number', cell: ({ number }) => number ?? 'Draft' },
          {
            head: 'Tenant',
            cell: ({ tenantId }) => (
              <Link to="/operator/tenants/$tenant" params={{ tenant: tenantId }}>
                <code>{tenantId}</code>
              </Link>
            ),
          },
          {
            head: 'Period',
            cell: ({ periodStart, periodEnd }) =>
              `${dayText(periodStart)} – ${lastDayText(periodEnd)}`,
          },
          { head: 'State', cell: ({ state }) => <Badge tone={TONE[state]}>{state}</Badge> },
          { head: 'By', cell: ({ provider }) => provider },
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
                  <Confirm
                    action="Void"
                    size="small"
                    label={`Void ${invoice.number}`}
                    title={`Void ${invoice.number}?`}
                    onConfirm={() => takeBack(invoice.id)}
                  >
                    Its postings are reversed, its credits and coupons given back. The tenant owes
                    nothing for this period then.
                  </Confirm>
                </div>
              ),
          },
        ]}
      />
      {paid && (
        <PaymentDialog
          invoice={paid}
          onClose={() => {
            setPaid(null);
            void again();
          }}
        />
      )}
    </Page>
  );
}

interface PaymentProps {
  readonly invoice: Invoice;
  readonly onClose: () => void;
}

function PaymentDialog({ invoice, onClose }: PaymentProps) {
  const left = BigInt(invoice.dueMicro) - BigInt(invoice.paidMicro);
  const [sum, setSum] = useState(String(Number(left) / 1_000_000));
  const [ref, setRef] = useState('');
  const enter = () =>
    answered(
      api.POST('/v1/operator/invoices/{invoice}/payments', {
        params: { path: { invoice: invoice.id } },
        body: { amountMicro: toMicro(sum), currency: invoice.currency as CurrencyCode, ref },
      }),
    );
  return (
    <FormDialog
      title={`A payment of ${invoice.number}`}
      description="What arrived in the bank. The same reference is taken once."
      action="Enter it"
      onClose={onClose}
      onSubmit={enter}
    >
      {(faultAt) => (
        <>
          <TextField
            label={`Amount in ${invoice.currency}`}
            inputMode="decimal"
            pattern="\d+([.,]\d{1,6})?"
            required
            value={sum}
            fault={faultAt('/amountMicro')}
            onChange={(event) => setSum(event.target.value)}
          />
          <TextField
            label="Reference"
            required
            maxLength={100}
            hint="As on the bank statement."
            value={ref}
            fault={faultAt('/ref')}
            onChange={(event) => setRef(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}
