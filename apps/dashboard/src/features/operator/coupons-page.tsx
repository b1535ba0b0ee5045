import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CurrencyCode } from '../../../../../libs/contracts/src/currencies.js';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { SelectField, TextField } from '../../ui/field.js';
import { money } from '../../ui/figures.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Empty, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { CURRENCY_OPTIONS, toMicro } from './billing-dialogs.js';
import { couponsQuery } from './operator-queries.js';

const LASTS = { once: 'one invoice', repeating: 'some invoices', forever: 'all invoices' } as const;
type Duration = keyof typeof LASTS;

export function CouponsPage() {
  const client = useQueryClient();
  const query = useQuery(couponsQuery);
  const [isOpen, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    void client.invalidateQueries({ queryKey: couponsQuery.queryKey });
  };
  const end = async (coupon: string) => {
    await answered(api.DELETE('/v1/operator/coupons/{coupon}', { params: { path: { coupon } } }));
    await client.invalidateQueries({ queryKey: couponsQuery.queryKey });
  };
  return (
    <Page
      title="Coupons"
      lead="What is taken off invoices. A coupon is given to a tenant on the tenant’s page."
      actions={
        <Button kind="main" onClick={() => setOpen(true)}>
          New coupon
        </Button>
      }
    >
      <Card>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No coupon yet">
                Make one to take something off somebody’s invoices.
              </Empty>
            ) : (
              <Table
                caption="Coupons"
                items={data}
                keyOf={({ code }) => code}
                columns={[
                  { head: 'Code', cell: ({ code }) => <code>{code}</code> },
                  { head: 'Name', cell: ({ name }) => name },
                  {
                    head: 'Takes off',
                    cell: ({ basisPoints, amountMicro, currency }) =>
                      basisPoints === null
                        ? money(amountMicro ?? '0', currency ?? 'EUR')
                        : `${basisPoints / 100} %`,
                  },
                  {
                    head: 'Of',
                    cell: ({ duration, invoices }) =>
                      invoices === null ? LASTS[duration] : `${invoices} invoices`,
                  },
                  {
                    head: 'State',
                    cell: ({ active }) => (
                      <Badge tone={active ? 'good' : undefined}>
                        {active ? 'active' : 'ended'}
                      </Badge>
                    ),
                  },
                  {
                    head: 'Actions',
                    cell: ({ code, active }) =>
                      active && (
                        <Confirm
                          action="End"
                          size="small"
                          label={`End ${code}`}
                          title={`End ${code}?`}
                          onConfirm={() => end(code)}
                        >
                          Nobody new gets it; those who have it keep it.
                        </Confirm>
                      ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      {isOpen && <NewCoupon onClose={close} />}
    </Page>
  );
}

function NewCoupon({ onClose }: { readonly onClose: () => void }) {
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [kind, setKind] = useState<'percent' | CurrencyCode>('percent');
  const [size, setSize] = useState('10');
  const [duration, setDuration] = useState<Duration>('once');
  const [invoices, setInvoices] = useState('3');
  const make = () =>
    answered(
      api.POST('/v1/operator/coupons', {
        body: {
          ...{ code, name, duration },
          ...(kind === 'percent'
            ? {
                basisPoints: Math.round(Number(size.replace(',', '.')) * 100),
                amountMicro: null,
                currency: null,
              }
            : { basisPoints: null, amountMicro: toMicro(size), currency: kind }),
          invoices: duration === 'repeating' ? Number(invoices) : null,
        },
      }),
    );
  return (
    <FormDialog title="New coupon" action="Make the coupon" onClose={onClose} onSubmit={make}>
      {(faultAt) => (
        <>
          <TextField
            label="Code"
            required
            pattern="[A-Z0-9_\-]{1,64}"
            hint="A-Z, 0-9, _ and -."
            value={code}
            fault={faultAt('/code')}
            onChange={(event) => setCode(event.target.value.toUpperCase())}
          />
          <TextField
            label="Name"
            required
            hint="The tenant reads it on its invoice."
            value={name}
            fault={faultAt('/name')}
            onChange={(event) => setName(event.target.value)}
          />
          <div className="row">
            <TextField
              label="Takes off"
              inputMode="decimal"
              pattern="\d+([.,]\d{1,2})?"
              required
              value={size}
              fault={faultAt('/basisPoints') ?? faultAt('/amountMicro')}
              onChange={(event) => setSize(event.target.value)}
            />
            <SelectField
              label="Percent or money"
              value={kind}
              options={[{ value: 'percent', text: 'percent' }, ...CURRENCY_OPTIONS]}
              onChange={(event) => setKind(event.target.value as typeof kind)}
            />
          </div>
          <SelectField
            label="Holds for"
            value={duration}
            options={Object.entries(LASTS).map(([value, text]) => ({ value, text }))}
            onChange={(event) => setDuration(event.target.value as Duration)}
          />
          {duration === 'repeating' && (
            <TextField
              label="How many invoices"
              type="number"
              min={1}
              max={120}
              value={invoices}
              fault={faultAt('/invoices')}
              onChange={(event) => setInvoices(event.target.value)}
            />
          )}
        </>
      )}
    </FormDialog>
  );
}
