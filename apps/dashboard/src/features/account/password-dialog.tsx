import { useState } from 'react';
import { TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';

interface Props {
  readonly onClose: () => void;
  readonly change: (body: { password: string; newPassword: string }) => Promise<unknown>;
}

export function PasswordDialog({ onClose, change }: Props) {
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  return (
    <FormDialog
      title="Change the password"
      action="Change it"
      onClose={onClose}
      onSubmit={() => change({ password, newPassword })}
    >
      {(faultAt) => (
        <>
          <TextField
            label="Present password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            fault={faultAt('/password')}
            onChange={(event) => setPassword(event.target.value)}
          />
          <TextField
            label="New password"
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            hint="At least 10 characters."
            value={newPassword}
            fault={faultAt('/newPassword')}
            onChange={(event) => setNewPassword(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}
