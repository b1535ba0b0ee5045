import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { SelectField, TextField } from '../../ui/field.js';
import { money } from '../../ui/figures.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Empty, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
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
  const [percent, setPercent] = useState('10');
  const [duration, setDuration] = useState<Duration>('once');
  const [invoices, setInvoices] = useState('3');
  const make = () =>
    answered(
      api.POST('/v1/operator/coupons', {
        body: {
          ...{ code, name, duration, amountMicro: null, currency: null },
          basisPoints: Math.round(Number(percent) * 100),
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
          <TextField
            label="Percent off"
            type="number"
            min={0.01}
            max={100}
            step={0.01}
            required
            value={percent}
            fault={faultAt('/basisPoints')}
            onChange={(event) => setPercent(event.target.value)}
          />
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
