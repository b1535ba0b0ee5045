import { useMutation } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { ApiProblem } from '../api/client.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { ProblemNote } from './problem-note.js';

interface Props {
  readonly title: string;
  readonly description?: ReactNode;
  /** What the button that sends it says. */
  readonly action: string;
  readonly onClose: () => void;
  /** Closes the dialog when it resolves; what it throws is shown. */
  readonly onSubmit: () => Promise<unknown>;
  /** The fields; they are told what the server found wrong with each. */
  readonly children: (faultAt: (pointer: string) => string | undefined) => ReactNode;
}

/** Some fields that are sent together. */
export function FormDialog({ title, description, action, onClose, onSubmit, children }: Props) {
  const send = useMutation({ mutationFn: onSubmit, onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  const problem = send.error instanceof ApiProblem ? send.error : null;
  return (
    <Dialog title={title} description={description} open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {children((pointer) => problem?.faultAt(pointer))}
        <ProblemNote problem={send.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={send.isPending}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
