/** Digits in ASCII order: texts of one length sort as the numbers they stand for. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Cryptographically strong bytes, injected so that tests can fix them. */
export type RandomBytes = (size: number) => Uint8Array;

/** `length` random base62 digits, each equally likely (log2 62 = 5.95 bits a digit). */
export function randomBase62(length: number, random: RandomBytes): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length - text.length)) {
      // 248 = 4 × 62: taking the bytes above it too would favour the first digits.
      if (byte < 248) text += DIGITS[byte % 62];
    }
  }
  return text;
}

/** A whole number >= 0 as exactly `length` digits; it has to fit. */
export function toBase62(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 62)) {
    text = (DIGITS[rest % 62] as string) + text;
  }
  return text;
}
