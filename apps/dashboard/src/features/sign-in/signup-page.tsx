import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Door } from '../../app-shell/door.js';

export function SignupPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [tenantName, setTenantName] = useState('');
  const signup = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/signup', { body: { email, password, ...(tenantName && { tenantName }) } }),
      ),
    onSuccess: async ({ app }) => {
      client.clear();
      await navigate({ to: '/apps/$app/start', params: { app: app.id } });
    },
  });
  const problem = signup.error instanceof ApiProblem ? signup.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signup.mutate();
  };
  return (
    <Door title="Sign up">
      <form className="form" onSubmit={submit}>
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          value={email}
          fault={problem?.faultAt('/email')}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          required
          minLength={10}
          hint="At least 10 characters."
          value={password}
          fault={problem?.faultAt('/password')}
          onChange={(event) => setPassword(event.target.value)}
        />
        <TextField
          label="Name of your company or project"
          autoComplete="organization"
          hint="May be left out."
          value={tenantName}
          fault={problem?.faultAt('/tenantName')}
          onChange={(event) => setTenantName(event.target.value)}
        />
        {problem?.errors.length === 0 && <ProblemNote problem={problem} />}
        <Button type="submit" kind="main" busy={signup.isPending}>
          Sign up
        </Button>
      </form>
      <p className="soft">
        You have an account? <Link to="/login">Sign in</Link>
      </p>
    </Door>
  );
}
