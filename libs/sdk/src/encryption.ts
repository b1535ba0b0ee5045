import { fromBase64, toBase64 } from './base64.js';
import { HoldlineError } from './errors.js';
import type { Message, OutgoingMessage, PublishOptions } from './types.js';

/** On the wire: how a message is encrypted, and with which key. */
const ENCRYPTION_HEADER = 'holdline-enc';
const KEY_HEADER = 'holdline-key';
const AES_256_GCM = 'aes-256-gcm';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[\x21-\x7e]{1,64}$/;

export interface EncryptionOptions {
  /** By id: 32 random bytes as base64, or an AES-GCM CryptoKey of 256 bits. Old ones stay for reading. */
  readonly keys: Readonly<Record<string, string | CryptoKey>>;
  /** The id of the key that publishes. */
  readonly current: string;
}

/** A message that is not handed on, because nobody can say that it was meant so. */
export interface Undecryptable {
  readonly message: Message;
  /**
   * `unknown_key`: encrypted with a key that is not among `keys`. `tampered`: changed, or made for
   * another channel or another name, or with another key of that id. `not_encrypted`: plain text.
   */
  readonly reason: 'unknown_key' | 'tampered' | 'not_encrypted';
}

/**
 * Encrypts a channel's data between those who have the keys: AES-256-GCM with a random 96-bit value for
 * each message. The channel and the message's name stay readable and are bound to the data, so that a
 * message can be moved to neither another channel nor another name.
 */
export class Encryption {
  readonly #channel: string;
  readonly #current: string;
  readonly #keys: ReadonlyMap<string, () => Promise<CryptoKey>>;

  /** @throws HoldlineError `invalid_use` when the keys make no sense, or there is no WebCrypto. */
  constructor(channel: string, { keys, current }: EncryptionOptions) {
    if (!globalThis.crypto?.subtle) {
      wrong('This page has no WebCrypto: browsers have it on https:// and on localhost alone.');
    }
    this.#channel = channel;
    this.#current = current;
    this.#keys = new Map(Object.entries(keys).map(([id, key]) => [id, keyOf(id, key)]));
    if (!this.#keys.has(current)) wrong(`\`current\` names no key: ${JSON.stringify(current)}.`);
  }

  async seal(message: OutgoingMessage): Promise<OutgoingMessage> {
    const { data, encoding, ...rest } = message;
    if (data === undefined) wrong('A message has `data`.');
    const { headers } = rest;
    if (headers && (ENCRYPTION_HEADER in headers || KEY_HEADER in headers)) {
      wrong(`The headers ${ENCRYPTION_HEADER} and ${KEY_HEADER} are set by the SDK.`);
    }
    const key = await this.#keys.get(this.#current)!();
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(JSON.stringify({ data, encoding }));
    const sealed = new Uint8Array(
      await crypto.subtle.encrypt(this.#algorithm(iv, rest.name), key, plain),
    );
    const bytes = new Uint8Array(IV_BYTES + sealed.length);
    bytes.set(iv);
    bytes.set(sealed, IV_BYTES);
    return {
      ...rest,
      data: toBase64(bytes),
      encoding: 'base64',
      headers: { ...headers, [ENCRYPTION_HEADER]: AES_256_GCM, [KEY_HEADER]: this.#current },
    };
  }

  /** Never throws: whoever can publish can send anything. */
  async open(message: Message): Promise<Message | Undecryptable['reason']> {
    const { headers = {}, data, encoding: _sealed, ...rest } = message;
    const { [ENCRYPTION_HEADER]: by, [KEY_HEADER]: id, ...others } = headers;
    if (by === undefined) return 'not_encrypted';
    const key = this.#keys.get(id ?? '');
    if (by !== AES_256_GCM || !key) return 'unknown_key';
    const bytes = typeof data === 'string' ? fromBase64(data) : null;
    if (!bytes || bytes.length < IV_BYTES + TAG_BYTES) return 'tampered';
    try {
      const algorithm = this.#algorithm(bytes.subarray(0, IV_BYTES), message.name);
      const sealed = bytes.subarray(IV_BYTES);
      const plain = await crypto.subtle.decrypt(algorithm, await key(), sealed);
      const content = JSON.parse(new TextDecoder().decode(plain)) as Content;
      return {
        ...rest,
        data: content.data,
        ...(content.encoding === undefined ? {} : { encoding: content.encoding }),
        ...(Object.keys(others).length === 0 ? {} : { headers: others }),
      };
    } catch {
      return 'tampered';
    }
  }

  #algorithm(iv: Uint8Array<ArrayBuffer>, name: string | undefined): AesGcmParams {
    const bound = JSON.stringify([AES_256_GCM, this.#channel, name ?? null]);
    return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(bound) };
  }
}

/** What is encrypted, as JSON. */
interface Content {
  readonly data: unknown;
  readonly encoding?: NonNullable<PublishOptions['encoding']>;
}

/** Imported when it is first needed, once. */
function keyOf(id: string, key: string | CryptoKey): () => Promise<CryptoKey> {
  if (!KEY_ID.test(id)) wrong(`A key's id has 1 to 64 visible ASCII characters: ${id}.`);
  if (typeof key !== 'string') {
    const { name, length } = key.algorithm as AesKeyAlgorithm;
    if (name !== 'AES-GCM' || length !== KEY_BYTES * 8) {
      wrong(`The key ${id} is not an AES-GCM key of 256 bits.`);
    }
    return () => Promise.resolve(key);
  }
  const bytes = fromBase64(key);
  if (bytes?.length !== KEY_BYTES) wrong(`The key ${id} is not ${KEY_BYTES} bytes as base64.`);
  let imported: Promise<CryptoKey> | null = null;
  return () =>
    (imported ??= crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']));
}

function wrong(what: string): never {
  throw new HoldlineError('invalid_use', what);
}
