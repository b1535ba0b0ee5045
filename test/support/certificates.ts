import {
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';

/** Certificates for tests, made with node:crypto alone: no program of the machine is needed. */
export interface Certificate {
  readonly name: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly keyObject: KeyObject;
}

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

/** An authority of its own; it signs itself. */
export function makeAuthority(name: string): Certificate {
  return make(name, null, [extension('551d13', sequence(der(0x01, Buffer.of(0xff))), true)]);
}

/** For localhost and 127.0.0.1; fit for servers alone, as public authorities make them. */
export function makeServerCertificate(authority: Certificate): Certificate {
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.of(127, 0, 0, 1)));
  return make('localhost', authority, [extension('551d11', names), purpose('2b06010505070301')]);
}

export function makeClientCertificate(name: string, authority: Certificate): Certificate {
  return make(name, authority, [purpose('2b06010505070302')]);
}

function make(
  name: string,
  issuer: Certificate | null,
  extensions: readonly Buffer[],
): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const serial = randomBytes(8);
  serial[0] = 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ECDSA_SHA256,
    distinguished(issuer?.name ?? name),
    sequence(time(now - 86_400_000), time(now + 86_400_000)),
    distinguished(name),
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer?.keyObject ?? privateKey);
  const bytes = sequence(body, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  return {
    name,
    cert: `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    keyObject: privateKey,
  };
}

function purpose(id: string): Buffer {
  return extension('551d25', sequence(oid(id)));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const mark = critical ? [der(0x01, Buffer.of(0xff))] : [];
  return sequence(oid(id), ...mark, der(0x04, value));
}

function distinguished(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
