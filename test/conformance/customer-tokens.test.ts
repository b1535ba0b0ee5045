import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Protocol, "Who may do what": JWTs that a customer's own server signed. */
const site = useSharedHoldline();

const CAPABILITIES = { 'own:*': ['publish', 'subscribe'] };
const claims = (more: object = {}) => ({
  sub: 'ann',
  exp: Math.floor(Date.now() / 1000) + 300,
  iat: Math.floor(Date.now() / 1000),
  capabilities: CAPABILITIES,
  ...more,
});

/** It publishes and receives where its capabilities say, as its client, and nowhere else. */
async function expectAccepted(token: string, channel: string): Promise<void> {
  const client = site.client.as(token);
  await client.publish(channel, { data: 'signed' });
  const { messages } = await client.receive(channel, { from: 'start' });
  expect(messages.map(({ data, clientId }) => [data, clientId])).toEqual([['signed', 'ann']]);
  refused(await client.tryPublish('elsewhere', { data: 1 }), 403, 'forbidden');
}

describe('by the app’s registered JWKS', () => {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  type Algorithm = keyof typeof pairs;

  beforeAll(async () => {
    const jwks = Object.entries(pairs).map(([alg, { publicKey }]) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid: alg,
      alg,
    }));
    const app = `/v1/apps/${site.holdline.appId}`;
    succeeded(await site.owner.ask(app, { method: 'PATCH', json: { jwks } }), 200);
    await eventually('the keys are known', 5000, async () => {
      const client = site.client.as(signed('EdDSA', claims()));
      return (await client.ask('/v1/channels/own:x/messages?wait=0')).status === 200;
    });
  }, 30_000);

  function signed(alg: Algorithm, payload: object, by: KeyObject = pairs[alg].privateKey): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg, typ: 'JWT', kid: alg })}.${part(payload)}`;
    const digest = alg === 'EdDSA' ? null : 'sha256';
    const key = alg === 'ES256' ? { key: by, dsaEncoding: 'ieee-p1363' as const } : by;
    return `${text}.${sign(digest, Buffer.from(text), key).toString('base64url')}`;
  }

  test.each(Object.keys(pairs) as Algorithm[])('%s is accepted', async (alg) => {
    await expectAccepted(signed(alg, claims()), `own:${alg}`);
  });

  test.each(Object.keys(pairs) as Algorithm[])('%s by another key is not', async (alg) => {
    const stranger = {
      RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      EdDSA: () => generateKeyPairSync('ed25519'),
    }[alg]();
    const client = site.client.as(signed(alg, claims(), stranger.privateKey));
    refused(await client.tryPublish('own:x', { data: 1 }), 401, 'unauthenticated');
  });

  test('without `capabilities` it may nothing: nobody’s key stands behind it', async () => {
    const client = site.client.as(signed('ES256', claims({ capabilities: undefined })));
    refused(await client.tryPublish('own:x', { data: 1 }), 403, 'forbidden');
  });
});

/** A stock implementation in another language, which knows nothing of us. */
const PYTHON = `
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
def part(value):
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=")
text = part({"alg": "HS256", "typ": "JWT", "kid": given["kid"]}) + b"." + part(given["claims"])
signature = hmac.new(given["secret"].encode(), text, hashlib.sha256).digest()
print((text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode())
`;

function signedByPython(given: { kid: string; secret: string; claims: object }): string {
  const ran = spawnSync('python3', ['-c', PYTHON], {
    input: JSON.stringify(given),
    encoding: 'utf8',
  });
  if (ran.error || ran.status !== 0) {
    throw new Error(
      `This test needs python3 on the PATH (its standard library is enough): ${String(ran.error ?? ran.stderr)}`,
    );
  }
  return ran.stdout.trim();
}

describe('with the key’s signing secret, HS256, by Python’s standard library', () => {
  test('is accepted, and one of another secret is not', async () => {
    const { id, key, signingSecret } = await site.owner.createKey(site.holdline.appId);
    await site.client.as(key).known();
    const given = { kid: id, secret: signingSecret, claims: claims() };
    await expectAccepted(signedByPython(given), 'own:python');
    const forged = site.client.as(signedByPython({ ...given, secret: `${signingSecret}x` }));
    refused(await forged.tryPublish('own:python', { data: 1 }), 401, 'unauthenticated');
  });
});
