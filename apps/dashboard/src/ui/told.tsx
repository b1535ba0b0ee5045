import { CodeBlock } from './code-block.js';

interface Props {
  readonly label: string;
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What an entry of a log says was done, to what, and what was different before. */
export function Told({ label, action, target, before, after }: Props) {
  return (
    <div className="stack-small">
      <strong>{action}</strong>
      <code className="small">{target}</code>
      {Boolean(before ?? after) && (
        <details className="small">
          <summary>Before and after</summary>
          <CodeBlock label={label} text={JSON.stringify({ before, after }, null, 2)} />
        </details>
      )}
    </div>
  );
}
