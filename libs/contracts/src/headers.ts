/** Names on the wire, said once: the server, the SDK and the tests read them from here. */
export const HEADER = {
  cursor: 'Holdline-Cursor',
  hold: 'Holdline-Hold',
  id: 'Holdline-Id',
  name: 'Holdline-Name',
  requestId: 'Request-Id',
} as const;

/** The media type of every refusal (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';
