import { useMutation } from '@tanstack/react-query';
import { answered, api } from '../api/client.js';
import { useMe } from '../api/use-me.js';
import { Button } from '../ui/button.js';
import { ProblemNote } from '../ui/problem-note.js';

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** One of the platform's staff looks at this tenant: said on every page, so that nobody forgets it. */
export function LookBanner() {
  const { impersonation, tenant } = useMe();
  const end = useMutation({
    mutationFn: () => answered(api.DELETE('/v1/operator/impersonation')),
    // Everything that was read is of the tenant: begin anew.
    onSuccess: () => location.assign(`/dashboard/operator/tenants/${tenant?.id ?? ''}`),
  });
  if (impersonation === null) return null;
  return (
    <div className="look-banner" role="region" aria-label="Operator">
      <span>
        You look at <strong>{tenant?.name}</strong> as {impersonation.operator}, until{' '}
        {CLOCK.format(new Date(impersonation.endsAt))}. Nothing can be changed; the tenant reads in
        its audit log that you looked.
      </span>
      <Button size="small" busy={end.isPending} onClick={() => end.mutate()}>
        End
      </Button>
      <ProblemNote problem={end.error} />
    </div>
  );
}
