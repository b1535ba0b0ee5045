import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CurrencyCode } from '../../../../../libs/contracts/src/currencies.js';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { SelectField } from '../../ui/field.js';
import { money } from '../../ui/figures.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { dayText } from '../../ui/time.js';

type PlanAnswer = paths['/v1/billing/plan']['get']['responses'][200]['content']['application/json'];
type Plan = PlanAnswer['available'][number];

interface Props {
  readonly current: string | null;
  readonly available: readonly Plan[];
  readonly onClose: () => void;
}

/** Shows what a plan would cost before anything changes. */
export function PlanDialog({ current, available, onClose }: Props) {
  const client = useQueryClient();
  const [planId, setPlanId] = useState(current ?? available[0]?.id ?? '');
  const [interval, setInterval] = useState<'month' | 'year'>('month');
  const plan = available.find(({ id }) => id === planId);
  const currencies = Object.keys(plan?.pricing.currencies ?? {}) as CurrencyCode[];
  const [wanted, setCurrency] = useState<CurrencyCode | null>(null);
  const currency = wanted !== null && currencies.includes(wanted) ? wanted : currencies[0];
  const body = { planId, interval, ...(currency && { currency }) };
  const preview = useMutation({
    mutationFn: () => answered(api.PUT('/v1/billing/plan', { body: { ...body, preview: true } })),
  });
  const change = useMutation({
    mutationFn: () => answered(api.PUT('/v1/billing/plan', { body: { ...body, preview: false } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['billing'] });
      await client.invalidateQueries({ queryKey: ['limits'] });
      onClose();
    },
  });
  const checkout = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/billing/checkout', {
          body: { ...body, successUrl: location.href, cancelUrl: location.href },
        }),
      ),
    onSuccess: ({ url }) => location.assign(url),
  });
  const touch = () => preview.reset();
  return (
    <Dialog
      title="Change the plan"
      description="You see what the running period would cost before anything changes."
      open
      onClose={onClose}
    >
      <SelectField
        label="Plan"
        value={planId}
        options={available.map((one) => ({ value: one.id, text: `${one.name}${priceText(one)}` }))}
        onChange={(event) => {
          setPlanId(event.target.value);
          touch();
        }}
      />
      <div className="row">
        <SelectField
          label="Billed"
          value={interval}
          options={[
            { value: 'month', text: 'every month' },
            { value: 'year', text: 'every year' },
          ]}
          onChange={(event) => {
            setInterval(event.target.value as 'month' | 'year');
            touch();
          }}
        />
        {currency && (
          <SelectField
            label="Currency"
            value={currency}
            options={currencies.map((value) => ({ value, text: value }))}
            onChange={(event) => {
              setCurrency(event.target.value as CurrencyCode);
              touch();
            }}
          />
        )}
      </div>
      {preview.data && (
        <div className="note" role="status">
          <strong>
            The running period would cost{' '}
            {money(preview.data.upcoming.totalMicro, preview.data.upcoming.currency)}
          </strong>
          <p className="soft">
            From {dayText(preview.data.effectiveAt)} on; so far, with the usage until now.
          </p>
        </div>
      )}
      <ProblemNote problem={preview.error ?? change.error ?? checkout.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button busy={checkout.isPending} onClick={() => checkout.mutate()}>
          Pay by card
        </Button>
        {preview.data ? (
          <Button kind="main" busy={change.isPending} onClick={() => change.mutate()}>
            Change to this plan
          </Button>
        ) : (
          <Button kind="main" busy={preview.isPending} onClick={() => preview.mutate()}>
            See what it costs
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function priceText({ pricing }: Plan): string {
  const [first] = Object.entries(pricing.currencies);
  const month = first?.[1]?.base.month;
  return first && month !== undefined ? `, ${money(month, first[0])} a month` : '';
}
