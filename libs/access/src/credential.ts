import { LIMIT, Problem } from '#contracts';
import { type ParsedKey, parseKey } from './key-format.js';

/** What an Authorization header holds: an API key with a good checksum, or what has a JWT's shape. */
export type Credential =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  | { readonly kind: 'token'; readonly token: string };

/** Longer than the longest credential with its scheme. */
export const HEADER_MAX_LENGTH = LIMIT.tokenBytes + 'Bearer '.length;

const TOKEN_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HOW = 'Send `Authorization: Bearer <API key or client token>`.';

/** Throws `unauthenticated` with what is wrong with the header. Its text is never repeated in a detail. */
export function parseAuthorization(header: string): Credential {
  if (header.length > HEADER_MAX_LENGTH) {
    throw refused(
      `The credential is longer than the ${LIMIT.tokenBytes} bytes that a token may have. ` +
        'Give the token fewer or shorter capability patterns.',
    );
  }
  const match = /^([A-Za-z]+) +(\S+)$/.exec(header);
  const [, scheme, value] = match ?? [];
  if (scheme === undefined || value === undefined) {
    throw refused(`The Authorization header is not a scheme and one credential. ${HOW}`);
  }
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return parseBearer(value);
    case 'basic':
      return parseBasic(value);
    default:
      throw refused(`This Authorization scheme is not known here. ${HOW}`);
  }
}

function parseBearer(value: string): Credential {
  if (value.startsWith('hl_')) return parseApiKey(value);
  if (value.length > LIMIT.tokenBytes) {
    throw refused(
      `A token has at most ${LIMIT.tokenBytes} bytes. Give it fewer capability patterns.`,
    );
  }
  if (TOKEN_SHAPE.test(value)) return { kind: 'token', token: value };
  throw refused(
    'The credential is neither an API key (`hl_live_…`, `hl_test_…`) nor a token (a JWT: three ' +
      'base64url parts with dots between). Copy it again, whole.',
  );
}

function parseBasic(value: string): Credential {
  const pair = BASE64.test(value) ? Buffer.from(value, 'base64').toString('utf8') : '';
  const colon = pair.indexOf(':');
  if (colon < 0) {
    throw refused('The Basic credential is not base64 of `<API key>:`. Try `curl -u "$KEY:" …`.');
  }
  if (colon < pair.length - 1) {
    throw refused(
      'With Basic the API key is the user name and the password stays empty: `<key>:`.',
    );
  }
  return parseApiKey(pair.slice(0, colon));
}

function parseApiKey(text: string): Credential {
  const key = parseKey(text);
  if (key) return { kind: 'key', key };
  throw refused(
    'This is not a whole API key: its length or its checksum does not match. Mistyped, or cut off ' +
      'when it was copied? Copy it again, or make a new key.',
  );
}

export function refused(detail: string, cause?: unknown): Problem {
  return new Problem('unauthenticated', detail, {}, cause);
}
