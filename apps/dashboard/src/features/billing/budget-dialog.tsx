import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { CURRENCIES, type CurrencyCode } from '../../../../../libs/contracts/src/currencies.js';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Check, SelectField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { planQuery } from './billing-queries.js';

/** What delivery does from nine tenths on, where chosen: gather for so long. */
const DEGRADE_WINDOW_MS = 1_000;

interface Props {
  readonly apps: readonly { readonly id: string; readonly name: string }[];
  readonly onClose: () => void;
}

export function BudgetDialog({ apps, onClose }: Props) {
  const client = useQueryClient();
  const { data: plan } = useQuery(planQuery);
  const [appId, setAppId] = useState('');
  const [amount, setAmount] = useState('50');
  const [chosen, setCurrency] = useState<CurrencyCode | null>(null);
  const [stop, setStop] = useState(true);
  const [degrade, setDegrade] = useState(false);
  const currency = chosen ?? (plan?.subscription?.currency as CurrencyCode | undefined) ?? 'EUR';
  const save = useMutation({
    mutationFn: () =>
      answered(
        api.PUT('/v1/billing/budgets', {
          body: {
            appId: appId || null,
            amountMicro: String(Math.round(Number(amount) * 1_000_000)),
            currency,
            degrade: degrade ? { windowMs: DEGRADE_WINDOW_MS } : null,
            stop,
          },
        }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['billing', 'budgets'] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog
      title="Set a budget"
      description="For usage in a billing period; the base fee does not count."
      open
      onClose={onClose}
    >
      <form className="form" onSubmit={submit}>
        <SelectField
          label="For"
          value={appId}
          options={[
            { value: '', text: 'All apps together' },
            ...apps.map(({ id, name }) => ({ value: id, text: name })),
          ]}
          onChange={(event) => setAppId(event.target.value)}
        />
        <div className="row">
          <TextField
            label="Amount"
            type="number"
            min="0.01"
            step="0.01"
            required
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
          />
          <SelectField
            label="Currency"
            value={currency}
            options={Object.keys(CURRENCIES).map((value) => ({ value, text: value }))}
            onChange={(event) => setCurrency(event.target.value as CurrencyCode)}
          />
        </div>
        <Check
          label="Stop when it is reached (off: go on, and be told)"
          checked={stop}
          onChange={(event) => setStop(event.target.checked)}
        />
        <Check
          label="From nine tenths on, gather messages for a second and deliver them together"
          checked={degrade}
          onChange={(event) => setDegrade(event.target.checked)}
        />
        <ProblemNote problem={save.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={save.isPending}>
            Set it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
