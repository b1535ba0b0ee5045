import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Check, TextArea, TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';

type Profile =
  paths['/v1/operator/tenants/{tenant}/billing']['get']['responses'][200]['content']['application/json']['profile'];

interface Props {
  readonly tenant: string;
  readonly profile: Profile;
  readonly onClose: () => void;
}

/** To whom invoices are written, and with which tax. */
export function ProfileDialog({ tenant, profile, onClose }: Props) {
  const [name, setName] = useState(profile.name);
  const [address, setAddress] = useState(profile.address);
  const [email, setEmail] = useState(profile.email);
  const [taxName, setTaxName] = useState(profile.taxName);
  const [percent, setPercent] = useState(String(profile.taxBasisPoints / 100));
  const [taxInclusive, setInclusive] = useState(profile.taxInclusive);
  const save = () =>
    answered(
      api.PATCH('/v1/operator/tenants/{tenant}/billing', {
        params: { path: { tenant } },
        body: {
          ...{ name, address, email, taxName, taxInclusive },
          taxBasisPoints: Math.round(Number(percent) * 100),
        },
      }),
    );
  return (
    <FormDialog
      title="Address and tax"
      description="What stands on its invoices from the next one on."
      action="Save"
      onClose={onClose}
      onSubmit={save}
    >
      {(faultAt) => (
        <>
          <TextField
            label="Name"
            maxLength={200}
            value={name}
            fault={faultAt('/name')}
            onChange={(event) => setName(event.target.value)}
          />
          <TextArea
            label="Address"
            rows={3}
            maxLength={1000}
            value={address}
            fault={faultAt('/address')}
            onChange={(event) => setAddress(event.target.value)}
          />
          <TextField
            label="E-mail for invoices"
            type="email"
            maxLength={254}
            hint="Left empty: its owners."
            value={email}
            fault={faultAt('/email')}
            onChange={(event) => setEmail(event.target.value)}
          />
          <div className="row">
            <TextField
              label="Tax"
              required
              maxLength={40}
              value={taxName}
              fault={faultAt('/taxName')}
              onChange={(event) => setTaxName(event.target.value)}
            />
            <TextField
              label="Percent"
              type="number"
              min={0}
              max={100}
              step={0.01}
              required
              value={percent}
              fault={faultAt('/taxBasisPoints')}
              onChange={(event) => setPercent(event.target.value)}
            />
          </div>
          <Check
            label="Prices include it"
            checked={taxInclusive}
            onChange={(event) => setInclusive(event.target.checked)}
          />
        </>
      )}
    </FormDialog>
  );
}
