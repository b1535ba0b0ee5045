import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { codeOf, hs256, part, problemOf, signedBy, World } from './testing/world.js';

const ed25519 = generateKeyPairSync('ed25519');
const otherEd25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const jwk = (key: KeyObject, kid: string, rest: Record<string, unknown> = {}) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...rest,
});

/** Three apps: `a` with an API key and public keys, `b` of another tenant with a key of the same kid. */
function world() {
  const made = new World();
  made.addApp('a', {
    jwks: [jwk(ed25519.publicKey, 'ed'), jwk(rsa.publicKey, 'rsa'), jwk(p256.publicKey, 'ec')],
  });
  const key = made.addKey('a', { capabilities: { 'room:*': ['publish', 'subscribe'] } });
  const claims = (rest: Record<string, unknown> = {}) =>
    made.claims({ capabilities: { 'room:*': ['subscribe'] }, ...rest });
  return { world: made, key, claims };
}

describe('tokens signed by the customer’s own server', () => {
  test('with the signing secret of a key: rights are those of the token and of the key', async () => {
    const { world: w, key } = world();
    const claims = w.claims({
      clientId: 'ann',
      jti: 'j1',
      capabilities: { '*': ['publish'], 'room:1': ['*'] },
    });
    const principal = await w.bearer(w.signed(key, claims, { typ: 'JWT' }));
    expect(principal).toMatchObject({
      tenantId: 'tenant-of-a',
      appId: 'a',
      keyId: key.row.id,
      kind: 'token',
      clientId: 'ann',
      tokenId: 'j1',
      issuedAt: w.now,
      expiresAt: w.now + 600_000,
      admin: false,
    });
    expect(principal.may('publish', 'room:1')).toBe(true);
    expect(principal.may('subscribe', 'room:1')).toBe(true);
    expect(principal.may('publish', 'room:2')).toBe(true);
    // The token says so, the key does not.
    expect(principal.may('publish', 'lobby')).toBe(false);
    expect(principal.may('history', 'room:1')).toBe(false);
    // The key says so, the token does not.
    expect(principal.may('subscribe', 'room:2')).toBe(false);
  });

  test('that does not name capabilities has its key’s, as they are now, but never admin', async () => {
    const { world: w } = world();
    const key = w.addKey('a', { capabilities: { '*': ['admin', 'publish'] } });
    const token = w.signed(key);
    const principal = await w.bearer(token);
    expect(principal.may('publish', 'x')).toBe(true);
    expect(principal.may('subscribe', 'x')).toBe(false);
    expect(principal.admin).toBe(false);
    expect(principal.may('admin', 'x')).toBe(false);
  });

  test('P5 naming more than the key has gives no more: not even admin or another app', async () => {
    const { world: w, key } = world();
    const wish = { '*': ['*', 'admin'] };
    const principal = await w.bearer(w.signed(key, w.claims({ capabilities: wish })));
    expect(principal.admin).toBe(false);
    expect(principal.may('publish', 'lobby')).toBe(false);
    w.addApp('b');
    const foreign = w.signed(key, w.claims({ app: 'b' }));
    expect(await codeOf(() => w.bearer(foreign))).toBe('unauthenticated');
  });

  test('with a key in its rotation grace it ends no later than the key', async () => {
    const { world: w } = world();
    const key = w.addKey('a', { expiresAt: w.now + 5_000 });
    expect((await w.bearer(w.signed(key))).expiresAt).toBe(w.now + 5_000);
  });

  test.each([
    ['EdDSA', 'ed', ed25519.privateKey],
    ['Ed25519', 'ed', ed25519.privateKey],
    ['RS256', 'rsa', rsa.privateKey],
    ['ES256', 'ec', p256.privateKey],
  ])('by a registered public key: %s', async (alg, kid, privateKey) => {
    const { world: w, claims } = world();
    const principal = await w.bearer(signedBy(privateKey, { alg, kid }, claims({ sub: 'ann' })));
    expect(principal).toMatchObject({ appId: 'a', kind: 'token', clientId: 'ann', admin: false });
    expect(principal.keyId).toMatch(/^jwk:a:[\w-]{43}$/);
    expect(principal.may('subscribe', 'room:1')).toBe(true);
    expect(principal.may('publish', 'room:1')).toBe(false);
  });

  test('by a registered public key without capabilities it may do nothing', async () => {
    const { world: w } = world();
    const principal = await w.bearer(
      signedBy(ed25519.privateKey, { alg: 'EdDSA', kid: 'ed' }, w.claims({ sub: 'ann' })),
    );
    expect(principal.may('subscribe', 'room:1')).toBe(false);
  });

  test('P7 ends when its public key is taken away, or replaced under the same kid', async () => {
    for (const jwks of [[], [jwk(otherEd25519.publicKey, 'ed')]]) {
      const { world: w, claims } = world();
      const token = signedBy(ed25519.privateKey, { alg: 'EdDSA', kid: 'ed' }, claims());
      const principal = await w.bearer(token);
      expect(w.store.endedBy()(principal)).toBe(false);
      w.addApp('a', { jwks });
      expect(w.store.endedBy()(principal)).toBe(true);
      expect(await codeOf(() => w.bearer(token))).toBe('unauthenticated');
    }
  });
});

describe('P5 a kid that several tenants use', () => {
  const header = { alg: 'EdDSA', kid: 'ed' };

  test('is refused unless the token names its app, by app or by iss', async () => {
    const { world: w, claims } = world();
    w.addApp('b', { jwks: [jwk(otherEd25519.publicKey, 'ed')] });
    const ask = (rest: Record<string, unknown>) =>
      w.bearer(signedBy(ed25519.privateKey, header, claims(rest)));
    expect(await codeOf(() => ask({}))).toBe('unauthenticated');
    expect(await codeOf(() => ask({ iss: 'https://idp.example' }))).toBe('unauthenticated');
    expect((await ask({ app: 'a' })).appId).toBe('a');
    expect((await ask({ iss: 'a' })).appId).toBe('a');
    // Names the app of another: verified with that app's key, and so not at all.
    expect(await codeOf(() => ask({ app: 'b' }))).toBe('unauthenticated');
    expect(await codeOf(() => ask({ iss: 'b' }))).toBe('unauthenticated');
    expect(await codeOf(() => ask({ app: ['a'] }))).toBe('unauthenticated');
  });

  test('is unambiguous again when a full snapshot leaves the other app out', async () => {
    const { world: w, claims } = world();
    w.addApp('b', { jwks: [jwk(otherEd25519.publicKey, 'ed')] });
    const token = signedBy(ed25519.privateKey, header, claims());
    expect(await codeOf(() => w.bearer(token))).toBe('unauthenticated');
    const { apps, ...rest } = w.store.export();
    w.store.apply({ ...rest, apps: apps.filter((app) => app.id === 'a') });
    expect((await w.bearer(token)).appId).toBe('a');
  });

  test('cannot be the id of another tenant’s API key: that key is asked, and it alone', async () => {
    const { world: w, key, claims } = world();
    w.addApp('b', { jwks: [jwk(ed25519.publicKey, key.row.id)] });
    const forged = signedBy(ed25519.privateKey, { alg: 'EdDSA', kid: key.row.id }, claims());
    expect(await codeOf(() => w.bearer(forged))).toBe('unauthenticated');
    expect((await w.bearer(w.signed(key))).appId).toBe('a');
  });

  test('a key that was listed twice, or another type of the same kid, is no confusion', async () => {
    const w = new World();
    w.addApp('a', {
      jwks: [jwk(ed25519.publicKey, 'k'), jwk(ed25519.publicKey, 'k'), jwk(rsa.publicKey, 'k')],
    });
    const token = signedBy(ed25519.privateKey, { alg: 'EdDSA', kid: 'k' }, w.claims());
    expect((await w.bearer(token)).appId).toBe('a');
  });
});

describe('attacks on tokens', () => {
  const attacks: [string, (w: ReturnType<typeof world>) => string][] = [
    [
      'alg none',
      ({ key, claims }) => `${part({ alg: 'none', kid: key.row.id })}.${part(claims())}.AA`,
    ],
    [
      'alg none, unsigned',
      ({ key, claims }) => `${part({ alg: 'none', kid: key.row.id })}.${part(claims())}.`,
    ],
    ['alg NONE', ({ claims }) => `${part({ alg: 'NONE', kid: 'ed' })}.${part(claims())}.AA`],
    ['no alg', ({ key, claims }) => hs256(key.row.signingSecret, { kid: key.row.id }, claims())],
    ['no kid', ({ key, claims }) => hs256(key.row.signingSecret, { alg: 'HS256' }, claims())],
    [
      'an alg that is a list',
      ({ key, claims }) =>
        hs256(key.row.signingSecret, { alg: ['HS256'], kid: key.row.id }, claims()),
    ],
    [
      'a kid that is a list',
      ({ key, claims }) =>
        hs256(key.row.signingSecret, { alg: 'HS256', kid: [key.row.id] }, claims()),
    ],
    [
      'HS512 instead of HS256',
      ({ key, claims }) =>
        hs256(key.row.signingSecret, { alg: 'HS512', kid: key.row.id }, claims()),
    ],
    [
      'HS256 with an RSA public key as the secret (PEM)',
      ({ claims }) =>
        hs256(
          rsa.publicKey.export({ format: 'pem', type: 'spki' }),
          { alg: 'HS256', kid: 'rsa' },
          claims(),
        ),
    ],
    [
      'HS256 with a registered JWK as the secret',
      ({ claims }) =>
        hs256(JSON.stringify(jwk(ed25519.publicKey, 'ed')), { alg: 'HS256', kid: 'ed' }, claims()),
    ],
    [
      'RS256 naming an API key',
      ({ key, claims }) => signedBy(rsa.privateKey, { alg: 'RS256', kid: key.row.id }, claims()),
    ],
    [
      'ES256 naming an RSA key',
      ({ claims }) => signedBy(p256.privateKey, { alg: 'ES256', kid: 'rsa' }, claims()),
    ],
    [
      'a kid with a path',
      ({ claims }) => hs256('', { alg: 'HS256', kid: '../../../../dev/null' }, claims()),
    ],
    [
      'a kid with SQL',
      ({ claims }) => hs256('x', { alg: 'HS256', kid: "x' UNION SELECT 'x" }, claims()),
    ],
    [
      'a kid of every object',
      ({ claims }) => hs256('', { alg: 'HS256', kid: '__proto__' }, claims()),
    ],
    [
      'a kid of every map',
      ({ claims }) => hs256('', { alg: 'HS256', kid: 'constructor' }, claims()),
    ],
    ['an empty kid and secret', ({ claims }) => hs256('', { alg: 'HS256', kid: '' }, claims())],
    [
      'its own key in the header (jwk)',
      ({ claims }) =>
        signedBy(
          otherEd25519.privateKey,
          { alg: 'EdDSA', kid: 'ed', jwk: otherEd25519.publicKey.export({ format: 'jwk' }) },
          claims(),
        ),
    ],
    [
      'its own key behind a URL (jku, x5u)',
      ({ claims }) =>
        signedBy(
          otherEd25519.privateKey,
          { alg: 'EdDSA', kid: 'ed', jku: 'http://127.0.0.1:9/k', x5u: 'http://127.0.0.1:9/c' },
          claims(),
        ),
    ],
    [
      'the decoded signing secret',
      ({ key, claims }) =>
        hs256(
          Buffer.from(key.row.signingSecret, 'base64url'),
          { alg: 'HS256', kid: key.row.id },
          claims(),
        ),
    ],
    [
      'another key’s signing secret',
      ({ world: w, key, claims }) =>
        hs256(w.addKey('a').row.signingSecret, { alg: 'HS256', kid: key.row.id }, claims()),
    ],
    ['another typ', ({ world: w, key }) => w.signed(key, w.claims(), { typ: 'logout+jwt' })],
    ['a crit', ({ world: w, key }) => w.signed(key, w.claims(), { crit: ['exp'] })],
    [
      'an unencoded payload (b64)',
      ({ world: w, key }) => w.signed(key, w.claims(), { b64: false, crit: ['b64'] }),
    ],
    [
      'claims that are a list',
      ({ key }) => hs256(key.row.signingSecret, { alg: 'HS256', kid: key.row.id }, []),
    ],
    [
      'claims that are no JSON',
      ({ key }) => hs256(key.row.signingSecret, { alg: 'HS256', kid: key.row.id }, 'exp=9'),
    ],
    ['a header that is no JSON', ({ claims }) => `${part('alg')}.${part(claims())}.AA`],
    ['a header that is null', ({ claims }) => `${part(null)}.${part(claims())}.AA`],
    ['five parts (JWE)', () => 'e30.e30.e30.e30.e30'],
  ];

  test.each(attacks)('%s is refused', async (_name, make) => {
    const made = world();
    expect(await codeOf(() => made.world.bearer(make(made)))).toBe('unauthenticated');
  });

  test('a changed claim, header or signature is refused, whichever byte it is', async () => {
    const { world: w, key } = world();
    const token = w.signed(key, w.claims({ clientId: 'ann' }));
    const [head, body, signature] = token.split('.') as [string, string, string];
    const forged = [
      `${head}.${part(w.claims({ clientId: 'eve' }))}.${signature}`,
      `${part({ alg: 'HS256', kid: key.row.id, x: 1 })}.${body}.${signature}`,
      `${head}.${body}.${'A'.repeat(signature.length)}`,
      `${head}.${body}.${signature.slice(0, -4)}`,
    ];
    for (const text of forged) expect(await codeOf(() => w.bearer(text))).toBe('unauthenticated');
  });

  test('an unknown kid, another algorithm and a wrong signature are told in the same words', async () => {
    const { world: w, key, claims } = world();
    const problems = await Promise.all(
      [
        hs256('x', { alg: 'HS256', kid: 'nobody' }, claims()),
        hs256('x', { alg: 'HS256', kid: key.row.id }, claims()),
        signedBy(rsa.privateKey, { alg: 'RS256', kid: key.row.id }, claims()),
        signedBy(otherEd25519.privateKey, { alg: 'EdDSA', kid: 'ed' }, claims()),
        hs256('x', { alg: 'HS256', kid: 'ed' }, claims()),
      ].map((token) => problemOf(() => w.bearer(token))),
    );
    expect(new Set(problems.map((problem) => JSON.stringify(problem.toDocument('')))).size).toBe(1);
  });

  test('public keys that cannot be trusted are not used: short, symmetric, for encryption, broken', async () => {
    const w = new World();
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    w.addApp('a', {
      jwks: [
        jwk(short.publicKey, 'short'),
        { kty: 'oct', k: part('secret'), kid: 'oct', alg: 'HS256' },
        jwk(ed25519.publicKey, 'enc', { use: 'enc' }),
        jwk(ed25519.publicKey, 'ops', { key_ops: ['sign'] }),
        jwk(ed25519.publicKey, 'alg', { alg: 'ES256' }),
        { kty: 'OKP', crv: 'Ed25519', x: 7, kid: 'broken' },
        { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'off-curve' },
        { ...ed25519.publicKey.export({ format: 'jwk' }) },
      ],
    });
    const tokens = [
      signedBy(short.privateKey, { alg: 'RS256', kid: 'short' }, w.claims()),
      hs256('secret', { alg: 'HS256', kid: 'oct' }, w.claims()),
      ...['enc', 'ops', 'alg', 'broken', 'off-curve', 'undefined', ''].map((kid) =>
        signedBy(ed25519.privateKey, { alg: 'EdDSA', kid }, w.claims()),
      ),
    ];
    for (const token of tokens) expect(await codeOf(() => w.bearer(token))).toBe('unauthenticated');
  });
});
