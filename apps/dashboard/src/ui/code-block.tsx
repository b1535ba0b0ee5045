import { useState } from 'react';
import { Button } from './button.js';

/** Text to take along. */
export function CodeBlock({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className="code-block" role="group" aria-label={label}>
      <pre>{text}</pre>
      <Copy text={text} label={`Copy ${label}`} />
    </div>
  );
}

export function Copy({ text, label }: { readonly text: string; readonly label: string }) {
  const [state, setState] = useState<'no' | 'yes' | 'failed'>('no');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('yes');
    } catch {
      // Without TLS a browser may not let pages write to the clipboard.
      setState('failed');
    }
    setTimeout(() => setState('no'), 2_500);
  };
  return (
    <Button size="small" onClick={() => void copy()} aria-label={label}>
      <span aria-live="polite">
        {state === 'yes' ? 'Copied' : state === 'failed' ? 'Select it by hand' : 'Copy'}
      </span>
    </Button>
  );
}
