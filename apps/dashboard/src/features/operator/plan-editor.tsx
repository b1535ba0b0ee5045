import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { TextArea, TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { readJson } from './json-dialog.js';

type Plans = paths['/v1/operator/plans'];
export type Plan = Plans['get']['responses'][200]['content']['application/json']['data'][number];
type PlanBody = Plans['post']['requestBody']['content']['application/json'];

/** A price list to begin with. */
const EMPTY_PRICING = {
  public: false,
  currencies: { EUR: { base: { month: '0' }, meters: {} } },
};

interface Props {
  /** null: a new one. */
  readonly plan: Plan | null;
  readonly onClose: () => void;
}

export function PlanEditor({ plan, onClose }: Props) {
  const [id, setId] = useState(plan?.id ?? '');
  const [name, setName] = useState(plan?.name ?? '');
  const [limits, setLimits] = useState(() => JSON.stringify(plan?.limits ?? {}, null, 2));
  const [pricing, setPricing] = useState(() =>
    JSON.stringify(plan?.pricing ?? EMPTY_PRICING, null, 2),
  );
  const save = async () => {
    const body = {
      name,
      limits: readJson(limits, 'Limits') as PlanBody['limits'],
      pricing: readJson(pricing, 'Prices') as PlanBody['pricing'],
    };
    if (plan === null) await answered(api.POST('/v1/operator/plans', { body: { id, ...body } }));
    else
      await answered(
        api.PATCH('/v1/operator/plans/{plan}', { params: { path: { plan: plan.id } }, body }),
      );
  };
  return (
    <FormDialog
      title={plan === null ? 'New plan' : `Edit ${plan.name}`}
      description="Amounts are millionths of the currency’s unit: 49 € are 49000000."
      action={plan === null ? 'Make the plan' : 'Save'}
      onClose={onClose}
      onSubmit={save}
    >
      {(faultAt) => (
        <>
          {plan === null && (
            <TextField
              label="Id"
              required
              pattern="[a-z0-9][a-z0-9_\-]{0,39}"
              hint="a-z, 0-9, _ and -. It never changes."
              value={id}
              fault={faultAt('/id')}
              onChange={(event) => setId(event.target.value)}
            />
          )}
          <TextField
            label="Name"
            required
            value={name}
            fault={faultAt('/name')}
            onChange={(event) => setName(event.target.value)}
          />
          <TextArea
            label="Limits"
            rows={6}
            hint="By name; null: no limit."
            value={limits}
            fault={faultAt('/limits')}
            onChange={(event) => setLimits(event.target.value)}
          />
          <TextArea
            label="Prices"
            rows={10}
            value={pricing}
            fault={faultAt('/pricing')}
            onChange={(event) => setPricing(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}
