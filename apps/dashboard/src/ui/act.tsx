import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './button.js';
import { ProblemNote } from './problem-note.js';

interface Props {
  readonly children: ReactNode;
  /** What a screen reader says, where the same words stand on several buttons. */
  readonly label?: string;
  readonly kind?: 'main';
  readonly size?: 'small';
  readonly onAct: () => Promise<unknown>;
}

/** A button that does something at once: it waits for the end, and says what went wrong. */
export function Act({ children, label, kind, size, onAct }: Props) {
  const act = useMutation({ mutationFn: onAct });
  return (
    <>
      <Button
        kind={kind}
        size={size}
        aria-label={label}
        busy={act.isPending}
        onClick={() => act.mutate()}
      >
        {children}
      </Button>
      <ProblemNote problem={act.error} />
    </>
  );
}
