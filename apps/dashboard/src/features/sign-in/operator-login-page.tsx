import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { answered, api } from '../../api/client.js';
import { operatorQuery } from '../../api/queries.js';
import { Door } from '../../app-shell/door.js';
import { CredentialsForm, type Credentials } from './credentials-form.js';

export function OperatorLoginPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const login = useMutation({
    mutationFn: (body: Credentials) => answered(api.POST('/v1/operator/login', { body })),
    onSuccess: async (me) => {
      client.setQueryData(operatorQuery.queryKey, me);
      await navigate({ to: '/operator/tenants' });
    },
  });
  return (
    <Door title="Operator">
      <p className="soft">For the staff of this service.</p>
      <CredentialsForm login={login} />
      <p className="soft">
        A customer? <Link to="/login">Sign in here</Link>
      </p>
    </Door>
  );
}
