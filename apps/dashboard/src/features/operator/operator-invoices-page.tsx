import { useState } from 'react';
import { SelectField } from '../../ui/field.js';
import { Empty, Page } from '../../ui/page.js';
import { InvoicesTable } from './invoices-table.js';
import type { InvoiceFilter } from './operator-queries.js';

const STATES = ['open', 'draft', 'paid', 'void'] as const;
const OPTIONS = [
  { value: '', text: 'in any state' },
  ...STATES.map((value) => ({ value, text: value })),
];

export function OperatorInvoicesPage() {
  const [state, setState] = useState('');
  const chosen = STATES.find((one) => one === state);
  const filter: InvoiceFilter = chosen ? { state: chosen } : {};
  return (
    <Page title="Invoices" lead="Of all tenants, the newest first.">
      <div className="row">
        <SelectField
          label="State"
          options={OPTIONS}
          value={state}
          onChange={(event) => setState(event.target.value)}
        />
      </div>
      <InvoicesTable
        filter={filter}
        empty={
          chosen ? (
            <Empty title={`No invoice is ${chosen}`}>Choose another state to see others.</Empty>
          ) : (
            <Empty title="No invoice yet">The first comes when a tenant’s period ends.</Empty>
          )
        }
      />
    </Page>
  );
}
