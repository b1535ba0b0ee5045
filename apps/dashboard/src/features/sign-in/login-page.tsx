import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { answered, api } from '../../api/client.js';
import { meQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Door } from '../../app-shell/door.js';

export function LoginPage() {
  const client = useQueryClient();
  const router = useRouter();
  const { back } = useSearch({ from: '/login' });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () => answered(api.POST('/v1/login', { body: { email, password } })),
    onSuccess: (me) => {
      client.setQueryData(meQuery.queryKey, me);
      // Only places of our own: an address from elsewhere in the link leads to the overview.
      router.history.push(
        `/dashboard${back !== undefined && /^\/(?![/\\])/.test(back) ? back : ''}`,
      );
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <Door title="Sign in">
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
        <ProblemNote problem={login.error} />
        <Button type="submit" kind="main" busy={login.isPending}>
          Sign in
        </Button>
      </form>
      <p className="soft">
        New here? <Link to="/signup">Sign up</Link>
      </p>
    </Door>
  );
}
