import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Secrets } from './secrets.js';

/** A certificate and its key, PEM. */
export interface InternalIdentity {
  readonly cert: string;
  readonly key: string;
}

const ED25519 = oid(0x2b, 0x65, 0x70);
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const KEY_USAGE = oid(0x55, 0x1d, 0x0f);
const EXTENDED_KEY_USAGE = oid(0x55, 0x1d, 0x25);
const CLIENT_AUTH = oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02);
/** What stands before the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The client certificate by which Holdline's own processes know each other where everybody has to show
 * one (TLS_CLIENT_CA). It comes from the master key, the same in each of them: nothing is kept, handed
 * over or renewed, and whoever has it has the master key already.
 */
export function internalIdentity(secrets: Secrets): InternalIdentity {
  const seed = secrets.derive('internal-tls');
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const algorithm = sequence(ED25519);
  const name = sequence(
    der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('Holdline internal')))),
  );
  const extensions = sequence(
    // digitalSignature and nothing else: it cannot vouch for another certificate.
    sequence(KEY_USAGE, der(0x01, Buffer.of(0xff)), octets(der(0x03, Buffer.of(7, 0x80)))),
    sequence(EXTENDED_KEY_USAGE, octets(sequence(CLIENT_AUTH))),
  );
  const body = sequence(
    der(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z'))),
    name,
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, Buffer.concat([Buffer.of(0), sign(null, body, key)]));
  return {
    cert: pem('CERTIFICATE', sequence(body, algorithm, signature)),
    key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** DER: a tag, the length, the content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : [0x82, Math.floor(length / 0x100), length % 0x100];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function octets(content: Buffer): Buffer {
  return der(0x04, content);
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.of(value));
}

function pem(what: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) as string[];
  return `-----BEGIN ${what}-----\n${lines.join('\n')}\n-----END ${what}-----\n`;
}
