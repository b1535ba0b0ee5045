import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CurrencyCode } from '../../../../../libs/contracts/src/currencies.js';
import { answered, api } from '../../api/client.js';
import { TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { toMicro } from './billing-dialogs.js';
import type { OperatorInvoice } from './invoices-table.js';

interface Props {
  readonly invoice: OperatorInvoice;
  readonly onClose: () => void;
}

export function PaymentDialog({ invoice, onClose }: Props) {
  const client = useQueryClient();
  const left = BigInt(invoice.dueMicro) - BigInt(invoice.paidMicro);
  const [sum, setSum] = useState(String(Number(left) / 1_000_000));
  const [ref, setRef] = useState('');
  const enter = async () => {
    await answered(
      api.POST('/v1/operator/invoices/{invoice}/payments', {
        params: { path: { invoice: invoice.id } },
        body: { amountMicro: toMicro(sum), currency: invoice.currency as CurrencyCode, ref },
      }),
    );
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
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
