import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import { loginOptionsQuery, meQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { signInWithPasskey, type Me } from './passkey-login.js';
import { Door } from '../../app-shell/door.js';

/** What a sign-in through another provider was refused with, by the problem's code. */
const NOT_TAKEN: Record<string, string> = {
  conflict:
    'Your e-mail address has an account here. Sign in to it, then link your organisation’s sign-in under Account.',
  forbidden:
    'Your organisation told no e-mail address that it has verified, and an account needs one. Ask its administrator.',
  not_found: 'No other sign-in is set up here. Sign in with your password.',
  unavailable:
    'Your organisation’s sign-in cannot be reached now. Try again shortly, or sign in with your password.',
  unauthenticated:
    'This sign-in was not taken: it was cancelled, took too long, or was begun in another browser. Begin anew.',
};

export function LoginPage() {
  const client = useQueryClient();
  const router = useRouter();
  const { back, problem } = useSearch({ from: '/login' });
  const options = useQuery(loginOptionsQuery).data;
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const onSuccess = (me: Me) => {
    client.setQueryData(meQuery.queryKey, me);
    // Only places of our own: an address from elsewhere in the link leads to the overview.
    router.history.push(`/dashboard${back !== undefined && /^\/(?![/\\])/.test(back) ? back : ''}`);
  };
  const login = useMutation({
    mutationFn: () =>
      answered(api.POST('/v1/login', { body: { email, password, ...(code && { code }) } })),
    onSuccess,
  });
  const passkey = useMutation({ mutationFn: signInWithPasskey, onSuccess });
  const asksCode =
    code !== '' ||
    (login.error instanceof ApiProblem && login.error.code === 'second_factor_required');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <Door title="Sign in">
      {problem !== undefined && (
        <div className="note" data-tone="bad" role="alert">
          {NOT_TAKEN[problem] ?? NOT_TAKEN['unauthenticated']}
        </div>
      )}
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
      <ProblemNote problem={passkey.error} />
      <Button busy={passkey.isPending} onClick={() => passkey.mutate()}>
        Sign in with a passkey
      </Button>
      {options?.oidc && (
        <a
          className="button"
          href={`/v1/login/oidc${back === undefined ? '' : `?back=${encodeURIComponent(back)}`}`}
        >
          Continue with {options.oidc.name}
        </a>
      )}
      <p className="soft">
        New here? <Link to="/signup">Sign up</Link>
      </p>
    </Door>
  );
}
