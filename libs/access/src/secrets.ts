import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { loadMasterKey } from './master-key.js';

/** What a derived key is for. One purpose, one key: none of them says anything about another. */
export type SecretPurpose =
  'pepper' | 'internal' | 'internal-tls' | 'cursor' | 'config-cache' | 'seal' | 'session';

export interface SecretsSource {
  readonly dataDir: string;
  /** HOLDLINE_MASTER_KEY: 32 bytes in base64. null: `master.key` in the data directory. */
  readonly masterKey: string | null;
}

/** Which row's column a sealed text belongs to. */
export interface SealPlace {
  /** '' where the row belongs to no tenant. */
  readonly tenantId: string;
  readonly table: string;
  readonly column: string;
  readonly id: string;
}

/** The context for `seal`. As JSON, so that no two places can give the same text. */
export function sealContext(place: SealPlace): string {
  return JSON.stringify([place.tenantId, place.table, place.column, place.id]);
}

const VERSION = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** All of Holdline's secrets, from one master key (HKDF-SHA-256). */
export class Secrets {
  readonly #master: Buffer;
  readonly #sealKey: Buffer;
  readonly #sealKeyId: string;

  private constructor(master: Buffer) {
    this.#master = master;
    this.#sealKey = this.derive('seal');
    this.#sealKeyId = this.#expand('seal-key-id', 4).toString('hex');
  }

  /** Throws an Error that says what to do when the key is malformed or cannot be read or made. */
  static load(source: SecretsSource): Secrets {
    return new Secrets(loadMasterKey(source));
  }

  /** 32 bytes, the same for the same master key and purpose on every machine and release. */
  derive(purpose: SecretPurpose): Buffer {
    return this.#expand(purpose, 32);
  }

  /**
   * AES-256-GCM: `s1.<key id>.<base64url of iv, ciphertext, tag>`. The context (see `sealContext`) is
   * authenticated with it, so that a sealed text copied into another row or column does not open.
   */
  seal(text: string, context: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, iv);
    cipher.setAAD(Buffer.from(context, 'utf8'));
    const bytes = Buffer.concat([
      iv,
      cipher.update(text, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `${VERSION}.${this.#sealKeyId}.${bytes.toString('base64url')}`;
  }

  /** Throws an Error when the text was not sealed with this master key for this context. */
  open(sealed: string, context: string): string {
    const [version, keyId, body, ...rest] = sealed.split('.');
    const bytes = Buffer.from(body ?? '', 'base64url');
    if (version !== VERSION || rest.length > 0 || bytes.length < IV_BYTES + TAG_BYTES) {
      throw new Error('This is no sealed text. Restore the row from a backup.');
    }
    if (keyId !== this.#sealKeyId) {
      throw new Error(
        'This text was sealed with another master key. Put back the HOLDLINE_MASTER_KEY, or the ' +
          'master.key in the data directory, that was in use before.',
      );
    }
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(context, 'utf8'));
    // Always the whole tag: GCM would take a shorter one, which is easier to forge.
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new Error(
        'This sealed text was changed, or belongs to another row. Restore the row from a backup.',
        { cause },
      );
    }
  }

  #expand(purpose: string, bytes: number): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#master, '', `holdline/v1/${purpose}`, bytes));
  }
}
