import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useEffect } from 'react';
import { ApiProblem } from '../api/client.js';
import { Button } from '../ui/button.js';
import { ProblemNote } from '../ui/problem-note.js';

/** Milliseconds. What keeps a page from opening is often over soon. */
const AGAIN_MS = 4_000;

/** A page that cannot be shown says why, and comes by itself once it can. */
export function RouteFault({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const boundary = useQueryErrorResetBoundary();
  const passes = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
  const again = () => {
    boundary.reset();
    reset();
    void router.invalidate();
  };
  useEffect(() => {
    if (!passes) return;
    const timer = setInterval(again, AGAIN_MS);
    return () => clearInterval(timer);
  });
  return (
    <main className="door">
      <div className="door-card">
        <ProblemNote problem={error} />
        {passes && <p className="soft">This page tries again every few seconds.</p>}
        <div>
          <Button onClick={again}>Try now</Button>
        </div>
      </div>
    </main>
  );
}
