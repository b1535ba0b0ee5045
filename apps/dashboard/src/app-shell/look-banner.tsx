import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { answered, api } from '../api/client.js';
import { useMe } from '../api/use-me.js';
import { Button } from '../ui/button.js';
import { ProblemNote } from '../ui/problem-note.js';

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** Timers of browsers take no more. */
const LONGEST_MS = 2 ** 31 - 1;

/** One of the platform's staff looks at this tenant: said on every page, so that nobody forgets it. */
export function LookBanner() {
  const { impersonation, tenant } = useMe();
  const end = useMutation({
    mutationFn: () => answered(api.DELETE('/v1/operator/impersonation')),
    // Everything that was read is of the tenant: begin anew.
    onSuccess: () => location.assign(`/dashboard/operator/tenants/${tenant?.id ?? ''}`),
  });
  const endsAt = impersonation && Date.parse(impersonation.endsAt);
  useEffect(() => {
    const left = endsAt === null ? 0 : endsAt - Date.now();
    if (left <= 0) return;
    // From then on nothing here is answered any more.
    const leave = () => location.assign(`/dashboard/operator/tenants/${tenant?.id ?? ''}`);
    const timer = setTimeout(leave, Math.min(left, LONGEST_MS));
    return () => clearTimeout(timer);
  }, [endsAt, tenant?.id]);
  if (impersonation === null) return null;
  return (
    <div className="look-banner" role="region" aria-label="Operator">
      <span>
        You look at <strong>{tenant?.name}</strong> as {impersonation.operator},{' '}
        <strong>read only</strong>, until {CLOCK.format(new Date(impersonation.endsAt))}. The tenant
        reads of it in its audit log.
      </span>
      <Button size="small" busy={end.isPending} onClick={() => end.mutate()}>
        End
      </Button>
      <ProblemNote problem={end.error} />
    </div>
  );
}
