import { useState, type FormEvent } from 'react';
import { ApiProblem } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Of an authenticator app, or a recovery code. */
  readonly code?: string;
}

interface Props {
  readonly login: {
    readonly mutate: (credentials: Credentials) => void;
    readonly isPending: boolean;
    readonly error: unknown;
  };
}

/** E-mail address and password, and a code once that is asked for. */
export function CredentialsForm({ login }: Props) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const asksCode =
    code !== '' ||
    (login.error instanceof ApiProblem && login.error.code === 'second_factor_required');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate({ email, password, ...(code && { code }) });
  };
  return (
    <form className="form" onSubmit={submit}>
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {asksCode && (
        <TextField
          label="Code"
          hint="Of your authenticator app, or a recovery code."
          autoComplete="one-time-code"
          required
          autoFocus
          maxLength={40}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
      {!(asksCode && code === '') && <ProblemNote problem={login.error} />}
      <Button type="submit" kind="main" busy={login.isPending}>
        Sign in
      </Button>
    </form>
  );
}
