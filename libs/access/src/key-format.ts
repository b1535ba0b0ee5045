import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type RandomBytes, randomBase62, toBase62 } from './base62.js';

export type KeyMode = 'live' | 'test';

export interface ParsedKey {
  readonly mode: KeyMode;
  readonly keyId: string;
  readonly secret: string;
}

export interface NewKey extends ParsedKey {
  /** The whole key as the customer gets it, once. Store `hashSecret(pepper, secret)`, never this. */
  readonly key: string;
}

const KEY_ID_LENGTH = 12;
/** 32 base62 digits are 190 bits: no slow hash is needed to keep them from being guessed. */
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;

/**
 * Finds an API key anywhere in a text (a URL, a log line, a repository). Secret scanners can use it as
 * it stands. Without `g`, so that `test` keeps no state.
 */
export const KEY_PATTERN = /hl_(?:live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;

const WHOLE_KEY = /^hl_(live|test)_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

/** `hl_<live|test>_<keyId>_<secret><checksum>`: underscores, so that a double click selects it whole. */
export function createKey(mode: KeyMode, random: RandomBytes = randomBytes): NewKey {
  const keyId = randomBase62(KEY_ID_LENGTH, random);
  const secret = randomBase62(SECRET_LENGTH, random);
  const body = `hl_${mode}_${keyId}_${secret}`;
  return { mode, keyId, secret, key: body + checksum(body) };
}

/**
 * The parts of a key, or null when it is none or its checksum does not match (a typing error, a cut
 * copy). Needs no look-up, and says nothing about whether the key exists. Never throws.
 */
export function parseKey(text: string): ParsedKey | null {
  const match = WHOLE_KEY.exec(text);
  if (!match) return null;
  const [, mode, keyId, secret, sum] = match as unknown as [
    string,
    KeyMode,
    string,
    string,
    string,
  ];
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === sum ? { mode, keyId, secret } : null;
}

/**
 * True when a URL (or its decoded form) holds an API key, whatever its checksum: one that was cut or
 * mistyped is as much on its way into a log. Never throws.
 */
export function holdsKey(url: string): boolean {
  if (KEY_PATTERN.test(url)) return true;
  return url.includes('%') && KEY_PATTERN.test(decodeLeniently(url));
}

/** HMAC-SHA-256 of the secret under the pepper, hex. Without the pepper a stolen table is of no use. */
export function hashSecret(pepper: Uint8Array, secret: string): string {
  return createHmac('sha256', pepper).update(secret).digest('hex');
}

/** Compares in constant time. A stored hash that is not one (wrong length) matches nothing. */
export function secretMatches(pepper: Uint8Array, secret: string, storedHash: string): boolean {
  const computed = Buffer.from(hashSecret(pepper, secret), 'latin1');
  const stored = Buffer.from(storedHash, 'latin1');
  return computed.length === stored.length && timingSafeEqual(computed, stored);
}

/**
 * A key's signing secret: 32 random bytes as 43 characters of base64url. The HS256 key is the UTF-8
 * bytes of this text, not the bytes it decodes to: `hmac.new(secret.encode(), …)` in Python and
 * `createHmac('sha256', secret)` in Node work on it as it stands.
 */
export function createSigningSecret(random: RandomBytes = randomBytes): string {
  return Buffer.from(random(32)).toString('base64url');
}

function checksum(body: string): string {
  return toBase62(crc32(body), CHECKSUM_LENGTH);
}

function decodeLeniently(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
