import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { CURRENCIES, type CurrencyCode } from '../../../../../libs/contracts/src/currencies.js';
import { answered, api } from '../../api/client.js';
import { SelectField, TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { couponsQuery, plansQuery } from './operator-queries.js';

export const CURRENCY_OPTIONS = Object.keys(CURRENCIES).map((value) => ({ value, text: value }));

/** 12.5 as 12500000 millionths, without a detour over binary fractions. */
export function toMicro(text: string): string {
  const [units = '0', part = ''] = text.trim().replace(',', '.').split('.');
  return String(BigInt(units || '0') * 1_000_000n + BigInt(part.slice(0, 6).padEnd(6, '0')));
}

interface Props {
  readonly tenant: string;
  readonly onClose: () => void;
}

const billing = (
  tenant: string,
  body: { planId?: string; trialDays?: number; addCoupon?: string },
) =>
  answered(
    api.PATCH('/v1/operator/tenants/{tenant}/billing', { params: { path: { tenant } }, body }),
  );

export function GivePlanDialog({ tenant, onClose }: Props) {
  const { data } = useQuery(plansQuery);
  const plans = data?.data ?? [];
  const [chosen, setPlan] = useState('');
  const [days, setDays] = useState('0');
  const planId = chosen || (plans[0]?.id ?? '');
  return (
    <FormDialog
      title="Give a plan"
      description="It holds from the next full hour on; a public price is not needed. The tenant is told by its audit log and webhooks."
      action="Give it"
      onClose={onClose}
      onSubmit={() => billing(tenant, { planId, trialDays: Number(days) })}
    >
      {(faultAt) => (
        <>
          <SelectField
            label="Plan"
            value={planId}
            fault={faultAt('/planId')}
            options={plans.map(({ id, name, status }) => ({
              value: id,
              text: status === 'retired' ? `${name} (retired)` : name,
            }))}
            onChange={(event) => setPlan(event.target.value)}
          />
          <TextField
            label="Days of trial"
            type="number"
            min={0}
            max={365}
            value={days}
            fault={faultAt('/trialDays')}
            onChange={(event) => setDays(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}

export function CreditDialog({ tenant, onClose }: Props) {
  const [sum, setSum] = useState('');
  const [currency, setCurrency] = useState<CurrencyCode>('EUR');
  const [reason, setReason] = useState('');
  // Made once: a second press of the button gives nothing twice.
  const [ref] = useState(
    () => `dashboard-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
  );
  return (
    <FormDialog
      title="Give credit"
      description="It pays the next invoices until it is used up."
      action="Give it"
      onClose={onClose}
      onSubmit={() =>
        answered(
          api.POST('/v1/operator/tenants/{tenant}/credits', {
            params: { path: { tenant } },
            body: { amountMicro: toMicro(sum), currency, reason, ref, expiresAt: null },
          }),
        )
      }
    >
      {(faultAt) => (
        <>
          <div className="row">
            <TextField
              label="Amount"
              inputMode="decimal"
              pattern="\d+([.,]\d{1,6})?"
              required
              value={sum}
              fault={faultAt('/amountMicro')}
              onChange={(event) => setSum(event.target.value)}
            />
            <SelectField
              label="Currency"
              value={currency}
              options={CURRENCY_OPTIONS}
              onChange={(event) => setCurrency(event.target.value as CurrencyCode)}
            />
          </div>
          <TextField
            label="Reason"
            required
            maxLength={200}
            hint="The tenant reads it."
            value={reason}
            fault={faultAt('/reason')}
            onChange={(event) => setReason(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}

export function CouponDialog({ tenant, onClose }: Props) {
  const { data } = useQuery(couponsQuery);
  const coupons = (data?.data ?? []).filter(({ active }) => active);
  const [chosen, setCode] = useState('');
  const code = chosen || (coupons[0]?.code ?? '');
  return (
    <FormDialog
      title="Give a coupon"
      description={
        coupons.length === 0 ? 'There is none. Make one under Coupons first.' : undefined
      }
      action="Give it"
      onClose={onClose}
      onSubmit={() => billing(tenant, { addCoupon: code })}
    >
      {() => (
        <SelectField
          label="Coupon"
          value={code}
          options={coupons.map((coupon) => ({
            value: coupon.code,
            text: `${coupon.code}: ${coupon.name}`,
          }))}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
