import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sealContext, Secrets, type SecretPurpose } from './secrets.js';

const PURPOSES: SecretPurpose[] = [
  'pepper',
  'internal',
  'cursor',
  'config-cache',
  'seal',
  'session',
];
const masterKey = Buffer.alloc(32, 9).toString('base64');
const place = { tenantId: 't1', table: 'api_key', column: 'signing_secret', id: 'k1' };

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const load = (key: string | null = masterKey) => Secrets.load({ dataDir, masterKey: key });

describe('the master key', () => {
  test('is made once, for its owner alone, and read again afterwards', async () => {
    const first = load(null).derive('pepper');
    expect(load(null).derive('pepper')).toEqual(first);
    expect((await stat(join(dataDir, 'master.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['master.key']);
  });

  test('is made in a data directory that is not there yet', async () => {
    const deeper = join(dataDir, 'a', 'b');
    Secrets.load({ dataDir: deeper, masterKey: null });
    expect(await readdir(deeper)).toEqual(['master.key']);
  });

  test('is the same for all processes that start at once', async () => {
    const code =
      "const { loadMasterKey } = await import(process.argv[1]); process.stdout.write(loadMasterKey({ dataDir: process.argv[2], masterKey: null }).toString('hex'))";
    const file = new URL('./master-key.ts', import.meta.url).href;
    const start = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', code, file, dataDir]);
    const outputs = await Promise.all(Array.from({ length: 6 }, start));
    const keys = new Set(outputs.map(({ stdout }) => stdout));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f]{64}$/);
    expect(await readdir(dataDir)).toEqual(['master.key']);
  });

  test('that came from a backup readable by all is closed to others again', async () => {
    load(null);
    await chmod(join(dataDir, 'master.key'), 0o644);
    load(null);
    expect((await stat(join(dataDir, 'master.key'))).mode & 0o777).toBe(0o600);
  });

  test('from the environment goes before the file, and writes none', async () => {
    load();
    expect(await readdir(dataDir)).toEqual([]);
  });

  test('that is malformed stops the start, says how to make one, and is not repeated', () => {
    for (const bad of ['', 'hunter2', Buffer.alloc(31).toString('base64'), `${masterKey}AAAA`]) {
      expect(() => load(bad)).toThrow(
        /HOLDLINE_MASTER_KEY must be 32 bytes in base64.*openssl rand/,
      );
      if (bad) expect(() => load(bad)).not.toThrow(new RegExp(bad.replaceAll('+', '\\+')));
    }
  });

  test('file that is damaged stops the start, and is left as it is', async () => {
    await writeFile(join(dataDir, 'master.key'), 'half');
    expect(() => load(null)).toThrow(/is damaged.*backup/);
    expect(await readFile(join(dataDir, 'master.key'), 'utf8')).toBe('half');
  });
});

describe('derived keys', () => {
  test('are 32 bytes, the same every time, and none for two purposes', () => {
    const keys = PURPOSES.map((purpose) => load().derive(purpose));
    expect(keys.every((key) => key.length === 32)).toBe(true);
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(PURPOSES.length);
    expect(PURPOSES.map((purpose) => load().derive(purpose))).toEqual(keys);
  });

  test('stay what they are from release to release: stored hashes and seals rest on them', () => {
    expect(load().derive('pepper').toString('hex')).toBe(
      '4035917a4bbd083d723d78ea4a421b82f401ab9397a038a1e5326a540e90f8c6',
    );
  });

  test('cannot be changed by who got one', () => {
    const secrets = load();
    secrets.derive('seal').fill(0);
    expect(secrets.derive('seal').equals(Buffer.alloc(32))).toBe(false);
  });
});

describe('sealing', () => {
  test('every text opens again in its place, and is not readable in between', () => {
    const secrets = load();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = secrets.seal(text, sealContext(place));
        expect(sealed).toMatch(/^s1\.[0-9a-f]{8}\.[\w-]+$/);
        expect(secrets.open(sealed, sealContext(place))).toBe(text);
      }),
    );
    expect(secrets.seal('signing', 'c')).not.toContain(
      Buffer.from('signing').toString('base64url'),
    );
  });

  test('the same text is sealed differently each time', () => {
    const secrets = load();
    expect(secrets.seal('x', 'c')).not.toBe(secrets.seal('x', 'c'));
  });

  test('a text moved to another tenant, table, column or row does not open', () => {
    const secrets = load();
    const sealed = secrets.seal('x', sealContext(place));
    for (const part of ['tenantId', 'table', 'column', 'id'] as const) {
      const moved = sealContext({ ...place, [part]: 'other' });
      expect(() => secrets.open(sealed, moved)).toThrow(/changed, or belongs to another row/);
    }
  });

  test('no two places have one context, whatever their names hold', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '"', ',', '|', '\\', '[') });
    const places = fc.record({ tenantId: name, table: name, column: name, id: name });
    fc.assert(
      fc.property(places, places, (a, b) => {
        const isSame = JSON.stringify(Object.entries(a)) === JSON.stringify(Object.entries(b));
        expect(sealContext(a) === sealContext(b)).toBe(isSame);
      }),
    );
  });

  test('a changed byte, a cut tag or another format does not open', () => {
    const secrets = load();
    const sealed = secrets.seal('a longer text', 'c');
    const [version, keyId, body] = sealed.split('.') as [string, string, string];
    const bytes = Buffer.from(body, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const text = `${version}.${keyId}.${changed.toString('base64url')}`;
      expect(() => secrets.open(text, 'c')).toThrow(/changed/);
    }
    const cut = bytes.subarray(0, -1).toString('base64url');
    expect(() => secrets.open(`${version}.${keyId}.${cut}`, 'c')).toThrow(/changed/);
    for (const none of [
      '',
      'plain text',
      `s2.${keyId}.${body}`,
      `${sealed}.x`,
      `s1.${keyId}.AAAA`,
    ]) {
      expect(() => secrets.open(none, 'c')).toThrow(/no sealed text/);
    }
  });

  test('a text sealed under another master key says so, and what to put back', () => {
    const other = load(Buffer.alloc(32, 8).toString('base64'));
    expect(() => load().open(other.seal('x', 'c'), 'c')).toThrow(
      /another master key.*HOLDLINE_MASTER_KEY/,
    );
  });
});
