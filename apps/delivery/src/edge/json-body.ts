import { LIMIT, Problem } from '#contracts';
import secureJson from 'secure-json-parse';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** @throws Problem invalid_request when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Problem(
      'invalid_request',
      'The body is not valid UTF-8. Send text as UTF-8, or bytes as application/octet-stream.',
    );
  }
}

/**
 * The JSON of a body, safe to walk and to write again: valid UTF-8, no deeper than the limit (our own
 * stack would overflow), and without keys that reach an object's prototype.
 * @throws Problem invalid_request
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decodeText(bytes);
  if (text.length > LIMIT.jsonDepth && deeperThan(text, LIMIT.jsonDepth)) {
    throw new Problem(
      'invalid_request',
      `The JSON nests deeper than ${LIMIT.jsonDepth} levels. Flatten it, or send it as a string.`,
    );
  }
  try {
    return secureJson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    const why = error instanceof Error ? error.message : 'syntax error';
    const hint =
      text === '' ? 'The body is empty' : `The body is not acceptable JSON (${why.slice(0, 120)})`;
    throw new Problem('invalid_request', `${hint}. Send JSON, or name another Content-Type.`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Brackets counted outside strings; stops at the first that is too deep. */
function deeperThan(text: string, max: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      i = closingQuote(text, i);
      // Such a text is no JSON, and the parser stops here as well.
      if (i < 0) return false;
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > max) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

/** Where the string that opens at `open` ends; -1: nowhere. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at;
  }
  return -1;
}
