import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';

interface Props {
  readonly secret: string;
  readonly onClose: () => void;
}

export function SecretDialog({ secret, onClose }: Props) {
  return (
    <Dialog
      title="The signing secret"
      description="Checks that what your endpoint gets is from us (Standard Webhooks). Shown this once."
      open
      onClose={onClose}
    >
      <CodeBlock text={secret} label="signing secret" />
      <div className="dialog-actions">
        <Button kind="main" onClick={onClose}>
          I have kept it
        </Button>
      </div>
    </Dialog>
  );
}
