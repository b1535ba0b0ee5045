import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

/** Milliseconds between two looks; and after which a server that does not answer counts as away. */
const LOOK_MS = 5_000;
const PATIENCE_MS = 4_000;

interface Readiness {
  readonly parts?: Readonly<Record<string, { readonly ok: boolean; readonly fault?: string }>>;
}

/** What does not work now, in words; null: all of it does. */
async function look(): Promise<string | null> {
  const options = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });
  let ready: Response;
  try {
    ready = await fetch('/readyz', options());
  } catch {
    return 'The control plane does not answer. What you see may be old and nothing can be changed; messages still flow. This page recovers by itself.';
  }
  const { parts = {} } = (await ready.json().catch(() => ({}))) as Readiness;
  if (parts['database']?.ok === false)
    return 'The database cannot be reached. What you see may be old and nothing can be changed; messages still flow. This page recovers by itself.';
  if (!ready.ok)
    return 'The control plane is starting or shutting down. This page recovers by itself.';
  try {
    const answer = await fetch('/dashboard/delivery-health', options());
    const { ok, fault } = (await answer.json()) as { ok: boolean; fault: string | null };
    if (!ok)
      return `The delivery server cannot serve: messages do not flow now. ${fault ?? ''} This page recovers by itself.`;
  } catch {
    return 'It cannot be found out now whether messages flow. This page tries again by itself.';
  }
  return null;
}

/** Says when a server is away, and reads everything anew once it is back. */
export function ConnectionBanner() {
  const client = useQueryClient();
  const { data: fault = null } = useQuery({
    queryKey: ['health'],
    queryFn: look,
    refetchInterval: LOOK_MS,
    refetchIntervalInBackground: true,
    staleTime: 0,
  });
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (before.current !== null && fault === null)
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'health' });
    before.current = fault;
  }, [fault, client]);
  return (
    <div role="status" aria-label="Service state">
      {fault !== null && <div className="banner">{fault}</div>}
    </div>
  );
}
