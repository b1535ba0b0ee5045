import type { Outcome, OutgoingRequest } from './outgoing-request.js';

const BODY_CHARS = 4_096;
const HEADERS = 30;
const HEADER_CHARS = 256;
/** Headers that let somebody in: a log that people read and export has none. */
const SECRET = /signature|cookie|authorization|authenticate|token|secret|api-?key/i;

interface LoggedRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface LoggedResponse {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly cut: boolean;
}

/** What the log keeps of a request: bounded, without signatures, and without the URL's query. */
export function loggedRequest({ url, headers, body }: OutgoingRequest): LoggedRequest {
  const bare = new URL(url);
  if (bare.search !== '') bare.search = '?…';
  return { url: bare.toString(), headers: loggedHeaders(headers), body: storable(body) };
}

export function loggedResponse({ headers, body, cut }: Outcome): LoggedResponse {
  const text = body.toString('utf8');
  return {
    headers: loggedHeaders(headers),
    body: storable(text),
    cut: cut || text.length > BODY_CHARS,
  };
}

function loggedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .slice(0, HEADERS)
      .map(([name, value]) => [
        storable(name),
        SECRET.test(name) ? '[redacted]' : storable(value).slice(0, HEADER_CHARS),
      ]),
  );
}

/** PostgreSQL takes no NUL and no half characters. */
function storable(text: string): string {
  return text.slice(0, BODY_CHARS).replaceAll('\0', '\u{fffd}').toWellFormed();
}
