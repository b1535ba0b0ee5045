import { PROBLEMS, type ProblemCode } from '#contracts';

/** docs/errors/<code>.md, made from the catalogue by `npm run docs`. */
export function errorMarkdown(code: ProblemCode): string {
  const { status, title, retryable, remedy } = PROBLEMS[code];
  return `# ${code}\n\n**${status}: ${title}.**\n\n${remedy}\n\n${retryAdvice(retryable)}\n`;
}

/** The same as a page of the server itself: the `type` of each problem leads there. */
export function errorPage(code: ProblemCode): string {
  const { status, title, retryable, remedy } = PROBLEMS[code];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${code}</title><style>${STYLE}</style>
<h1><code>${code}</code></h1><p><strong>${status}: ${title}.</strong></p><p>${markCode(remedy)}</p>
<p>${retryAdvice(retryable)}</p>
<p><a href="/docs">All routes</a></p></html>`;
}

function retryAdvice(retryable: boolean): string {
  return retryable
    ? 'The same request can succeed later: retry it with backoff.'
    : 'The same request will be refused again: change it first.';
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}code{font-size:1.05em}';

function markCode(text: string): string {
  const safe = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return safe.replace(/`([^`]+)`/g, '<code>$1</code>');
}
