import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './button.js';
import { ProblemNote } from './problem-note.js';

interface Props<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}

/** What was read; while it is read, a place for it; where it cannot be read, why. What is old stays shown. */
export function Loaded<T>({ query, children }: Props<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) {
    return (
      <div className="stack">
        <ProblemNote problem={query.error} />
        <div>
          <Button busy={query.isFetching} onClick={() => void query.refetch()}>
            Try again
          </Button>
        </div>
      </div>
    );
  }
  return <div className="skeleton" role="status" aria-label="Loading" />;
}
