import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';

export interface Secrets {
  readonly key: string;
  readonly signingSecret: string;
}

interface Props {
  readonly secrets: Secrets;
  readonly title: string;
  readonly onClose: () => void;
}

export function ShownOnce({ secrets, title, onClose }: Props) {
  return (
    <Dialog
      title={title}
      description="Both are shown this once: they are kept in a form that cannot show them again. Put them where your server keeps its secrets."
      open
      onClose={onClose}
    >
      <h3>API key</h3>
      <CodeBlock text={secrets.key} label="API key" />
      <h3>Signing secret</h3>
      <p className="soft small">Signs client tokens on your own server (HS256).</p>
      <CodeBlock text={secrets.signingSecret} label="signing secret" />
      <div className="dialog-actions">
        <Button kind="main" onClick={onClose}>
          I have kept them
        </Button>
      </div>
    </Dialog>
  );
}
