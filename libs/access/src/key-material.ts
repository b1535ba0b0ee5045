import type { SnapshotKey } from '#contracts';
import { type CapabilitySet, compile } from './capabilities.js';

/** What is made from a key's row once and used many times. Gone with the row. */
export class KeyMaterial {
  readonly #capabilities = new WeakMap<SnapshotKey, CapabilitySet>();
  readonly #signing = new WeakMap<SnapshotKey, Promise<CryptoKey>>();

  capabilities(key: SnapshotKey): CapabilitySet {
    let set = this.#capabilities.get(key);
    if (!set) this.#capabilities.set(key, (set = compile(key.capabilities)));
    return set;
  }

  /** For HS256, to verify with. */
  signingKey(key: SnapshotKey): Promise<CryptoKey> {
    let imported = this.#signing.get(key);
    if (!imported) {
      imported = crypto.subtle.importKey(
        'raw',
        signingKeyBytes(key),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['verify'],
      );
      this.#signing.set(key, imported);
    }
    return imported;
  }
}

/** The HS256 key: the bytes of the signing secret's text, as the customer's own server uses it. */
export function signingKeyBytes(key: Pick<SnapshotKey, 'signingSecret'>): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(key.signingSecret);
}
