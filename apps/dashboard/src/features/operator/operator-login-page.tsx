import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { answered, api } from '../../api/client.js';
import { Door } from '../../app-shell/door.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { operatorQuery } from '../../api/queries.js';

export function OperatorLoginPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () => answered(api.POST('/v1/operator/login', { body: { email, password } })),
    onSuccess: async (me) => {
      client.setQueryData(operatorQuery.queryKey, me);
      await navigate({ to: '/operator/tenants' });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <Door title="Operator">
      <p className="soft">For the staff of this service.</p>
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
        A customer? <Link to="/login">Sign in here</Link>
      </p>
    </Door>
  );
}
