import { useState, type ReactNode } from 'react';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { ProblemNote } from './problem-note.js';

interface Props {
  /** What the button that asks says, and the button that does it. */
  readonly action: string;
  readonly title: string;
  /** What will happen, and whether it can be undone. */
  readonly children: ReactNode;
  readonly onConfirm: () => Promise<unknown>;
  readonly size?: 'small';
  readonly label?: string;
}

/** A button for what cannot be undone: it says what will happen first. */
export function Confirm({ action, title, children, onConfirm, size, label }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const confirm = async () => {
    setBusy(true);
    setFault(null);
    try {
      await onConfirm();
      setOpen(false);
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="danger" size={size} onClick={() => setOpen(true)} aria-label={label}>
        {action}
      </Button>
      <Dialog title={title} open={isOpen} onClose={() => setOpen(false)}>
        <div>{children}</div>
        <ProblemNote problem={fault} />
        <div className="dialog-actions">
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button kind="danger" busy={isBusy} onClick={() => void confirm()}>
            {action}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
