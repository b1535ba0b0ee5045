import { ApiProblem } from '../api/client.js';

/** What went wrong and what to do; nothing where nothing did. */
export function ProblemNote({ problem }: { readonly problem: unknown }) {
  if (problem === null || problem === undefined) return null;
  const known = problem instanceof ApiProblem ? problem : null;
  const text = problem instanceof Error ? problem.message : JSON.stringify(problem);
  return (
    <div className="note" data-tone="bad" role="alert">
      <strong>{known?.title ?? 'Something went wrong'}</strong>
      <p>{text}</p>
      {known?.requestId && (
        <p className="small soft">
          Request <code>{known.requestId}</code>
        </p>
      )}
    </div>
  );
}
