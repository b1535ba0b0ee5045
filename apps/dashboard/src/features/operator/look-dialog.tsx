import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';

interface Props {
  readonly tenant: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}

export function LookDialog({ tenant, onClose }: Props) {
  const [reason, setReason] = useState('');
  const begin = async () => {
    await answered(
      api.POST('/v1/operator/tenants/{tenant}/impersonate', {
        params: { path: { tenant: tenant.id } },
        body: { reason },
      }),
    );
    // Everything that was read so far is an operator's: the tenant's pages begin anew.
    location.assign('/dashboard/');
  };
  return (
    <FormDialog
      title={`Look as ${tenant.name}`}
      description="For half an hour you see its dashboard as a viewer does: you change nothing and see no message. The tenant reads in its audit log that you looked, and why."
      action="Look"
      onClose={onClose}
      onSubmit={begin}
    >
      {(faultAt) => (
        <TextField
          label="Reason"
          required
          minLength={3}
          maxLength={500}
          hint="The tenant reads it."
          value={reason}
          fault={faultAt('/reason')}
          onChange={(event) => setReason(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
