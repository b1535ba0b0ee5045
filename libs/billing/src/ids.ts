import { randomInt } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A random id such as `inv_4fJ…`: 119 bits, so that none is ever guessed or made twice. */
export function newBillingId(prefix: 'inv' | 'pay' | 'crd'): string {
  let id = `${prefix}_`;
  for (let i = 0; i < 20; i++) id += DIGITS[randomInt(62)];
  return id;
}
