import { Badge } from '../../ui/page.js';

interface NamedProps {
  readonly name: string;
  readonly ok: boolean;
  readonly word?: string | undefined;
}

export function Named({ name, ok, word }: NamedProps) {
  return (
    <>
      {name} <Badge tone={ok ? 'good' : 'bad'}>{word ?? (ok ? 'healthy' : 'in trouble')}</Badge>
    </>
  );
}

/** What is wrong; nothing where nothing is. */
export function Fault({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <div className="note" data-tone="bad" role="alert">
      {text}
    </div>
  );
}
