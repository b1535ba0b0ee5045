import { randomInt } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A random id such as `app_4fJ…`: 119 bits, so that none is ever guessed or made twice. */
export function newId(
  prefix: 'usr' | 'ten' | 'app' | 'rev' | 'opr' | 'whk' | 'whd' | 'pky',
): string {
  let id = `${prefix}_`;
  for (let i = 0; i < 20; i++) id += DIGITS[randomInt(62)];
  return id;
}
