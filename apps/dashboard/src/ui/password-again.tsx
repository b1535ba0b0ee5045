import { useState, type ReactNode } from 'react';
import { TextField } from './field.js';
import { FormDialog } from './form-dialog.js';

interface Props {
  readonly title: string;
  readonly description: string;
  readonly action: string;
  readonly onClose: () => void;
  readonly onSubmit: (password: string) => Promise<unknown>;
  readonly children?: ReactNode;
}

/** Asks for the password once more: who finds an open browser cannot change how one signs in. */
export function PasswordAgain({ onSubmit, children, ...dialog }: Props) {
  const [password, setPassword] = useState('');
  return (
    <FormDialog {...dialog} onSubmit={() => onSubmit(password)}>
      {(faultAt) => (
        <>
          {children}
          <TextField
            label="Your password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            fault={faultAt('/password')}
            onChange={(event) => setPassword(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}
