import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { answered, api } from '../../api/client.js';
import { loginOptionsQuery, meQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { CredentialsForm, type Credentials } from './credentials-form.js';
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
  const onSuccess = (me: Me) => {
    client.setQueryData(meQuery.queryKey, me);
    // Only places of our own: an address from elsewhere in the link leads to the overview.
    router.history.push(`/dashboard${back !== undefined && /^\/(?![/\\])/.test(back) ? back : ''}`);
  };
  const login = useMutation({
    mutationFn: (body: Credentials) => answered(api.POST('/v1/login', { body })),
    onSuccess,
  });
  const passkey = useMutation({ mutationFn: signInWithPasskey, onSuccess });
  return (
    <Door title="Sign in">
      {problem !== undefined && (
        <div className="note" data-tone="bad" role="alert">
          {NOT_TAKEN[problem] ?? NOT_TAKEN['unauthenticated']}
        </div>
      )}
      <CredentialsForm login={login} />
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
