import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '#contracts';
import { createKey } from './key-format.js';
import { requireCapability, type Principal } from './principal.js';
import { codeOf, problemOf, World } from './testing/world.js';

function world() {
  const made = new World();
  made.addApp('a', {
    allowedOrigins: ['https://a.example'],
    limits: { holds_key: 5, publishes_per_second_key: 7 },
  });
  return { world: made, auth: made.authenticator, key: made.addKey('a') };
}

const basic = (user: string, password = '') =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('an API key', () => {
  test('gives its app’s principal at once, by Bearer and by Basic', () => {
    const { auth, key } = world();
    for (const header of [key.header, `bearer  ${key.key}`, basic(key.key)]) {
      const principal = auth.authenticate(header) as Principal;
      expect(principal).toMatchObject({
        tenantId: 'tenant-of-a',
        appId: 'a',
        keyId: key.row.id,
        kind: 'key',
        clientId: null,
        tokenId: null,
        issuedAt: null,
        expiresAt: null,
        admin: false,
        limits: { holds_key: 5, publishes_per_second_key: 7 },
        allowedOrigins: ['https://a.example'],
      });
      expect(principal.may('publish', 'room')).toBe(true);
    }
  });

  test('may what its capabilities say, and a refusal names the missing right', async () => {
    const { world: w, auth } = world();
    const key = w.addKey('a', { capabilities: { 'room:*': ['subscribe'], '*': ['admin'] } });
    const principal = await auth.authenticate(key.header);
    expect(principal.admin).toBe(true);
    expect(() => requireCapability(principal, 'subscribe', 'room:1')).not.toThrow();
    const problem = await problemOf(() => requireCapability(principal, 'publish', 'room:1'));
    expect(problem.code).toBe('forbidden');
    expect(problem.message).toContain('may not publish on the channel "room:1"');
    expect(problem.extras.capability).toEqual({ operation: 'publish', channel: 'room:1' });
  });

  test('an unknown key and a wrong secret look the same', async () => {
    const { auth, key } = world();
    const unknown = createKey('live');
    const body = `hl_live_${key.row.id}_${unknown.secret}`;
    // The checksum of the forged key is right, as an attacker's would be.
    const forged = createKeyText(body);
    const problems = await Promise.all(
      [unknown.key, forged].map((text) => problemOf(() => auth.authenticate(`Bearer ${text}`))),
    );
    expect(problems[0]?.code).toBe('unauthenticated');
    expect(problems[1]?.toDocument('')).toEqual(problems[0]?.toDocument(''));
  });

  test('whose mode was turned from test to live is unknown', async () => {
    const { world: w, auth } = world();
    const { key } = w.addKey('a', { mode: 'test' });
    const turned = createKeyText(key.replace('_test_', '_live_').slice(0, -6));
    expect(await codeOf(() => auth.authenticate(`Bearer ${turned}`))).toBe('unauthenticated');
  });

  test('a revoked one says so to who has its secret, and to nobody else', async () => {
    const { world: w, auth, key } = world();
    w.change(key.row, { revokedAt: w.now });
    expect(await codeOf(() => auth.authenticate(key.header))).toBe('revoked');
    const forged = createKeyText(`hl_live_${key.row.id}_${createKey('live').secret}`);
    expect(await codeOf(() => auth.authenticate(`Bearer ${forged}`))).toBe('unauthenticated');
  });
});

describe('a header that is no credential', () => {
  test('is refused with what is wrong and what to send, and never repeated', async () => {
    const { auth, key } = world();
    const mistyped = key.key.slice(0, -1) + (key.key.endsWith('0') ? '1' : '0');
    const cases: [string | undefined, RegExp][] = [
      [undefined, /no Authorization header/],
      ['', /no Authorization header/],
      [key.key, /not a scheme and one credential/],
      [`Digest ${key.key}`, /scheme is not known/],
      [`Bearer ${mistyped}`, /checksum does not match. Mistyped/],
      [`Bearer ${key.key.slice(0, 30)}`, /length or its checksum/],
      ['Bearer hello', /neither an API key .* nor a token/],
      [`Bearer ${key.key} ${key.key}`, /not a scheme and one credential/],
      [`Basic ${key.key}`, /not base64 of/],
      [basic(key.key, 'secret'), /password stays empty/],
      [basic('ann@example.com'), /not a whole API key/],
      [`Bearer ${'a'.repeat(2_000)}.${'b'.repeat(2_000)}.${'c'.repeat(200)}`, /4096 bytes/],
    ];
    for (const [header, detail] of cases) {
      const problem = await problemOf(() => auth.authenticate(header));
      expect(problem.code).toBe('unauthenticated');
      expect(problem.message).toMatch(detail);
      expect(problem.message).not.toContain(key.row.id);
    }
  });

  test('whatever it is, nothing but a Problem of a known code comes out', async () => {
    const { auth } = world();
    const allowed = ['unauthenticated', 'token_expired', 'revoked', 'key_in_url'];
    const odd = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom('Bearer ', 'Basic ', 'hl_live_', '.', 'e30', '=', ' ') }),
      fc.json().map((text) => `Bearer ${Buffer.from(text).toString('base64url')}.e30.AA`),
      fc.json().map((text) => `Bearer e30.${Buffer.from(text).toString('base64url')}.AA`),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.option(odd, { nil: undefined }),
        fc.option(odd, { nil: undefined }),
        async (header, query) => {
          expect(allowed).toContain(await codeOf(() => auth.authenticate(header, query)));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('the query’s access_token', () => {
  test('takes a token, and after a header', async () => {
    const { world: w, auth, key } = world();
    const token = w.signed(key, w.claims({ clientId: 'ann' }));
    expect((await auth.authenticate(undefined, token)).clientId).toBe('ann');
    expect((await auth.authenticate(key.header, token)).kind).toBe('key');
  });

  test('never takes an API key, also beside a header', async () => {
    const { auth, key } = world();
    for (const header of [undefined, key.header]) {
      const problem = await problemOf(() => auth.authenticate(header, key.key));
      expect(problem.code).toBe('key_in_url');
      expect(problem.message).toContain('rotate it');
    }
  });
});

describe('P7 what is remembered of a credential', () => {
  test('a token seen before is answered at once, with the same principal', async () => {
    const { world: w, auth, key } = world();
    const header = `Bearer ${w.signed(key)}`;
    const first = auth.authenticate(header);
    expect(first).toBeInstanceOf(Promise);
    expect(auth.authenticate(header)).toBeInstanceOf(Promise);
    expect(auth.authenticate(key.header)).toBe(auth.authenticate(key.header));
    const known = await first;
    await auth.authenticate(header);
    expect(auth.authenticate(header)).not.toBeInstanceOf(Promise);
    expect(auth.authenticate(header)).toMatchObject({
      keyId: known.keyId,
      issuedAt: known.issuedAt,
    });
  });

  test.each(['key', 'token'] as const)(
    'a %s stops with its key, its app and its grace',
    async (kind) => {
      const { world: w, auth, key } = world();
      const header = kind === 'key' ? key.header : `Bearer ${w.signed(key)}`;
      const ask = () => codeOf(() => auth.authenticate(header));
      await auth.authenticate(header);

      w.change(key.row, { revokedAt: w.now });
      expect(await ask()).toBe('revoked');
      w.change(key.row, {});
      await auth.authenticate(header);

      w.addApp('a', { status: 'revoked' });
      expect(await ask()).toBe('revoked');
      w.addApp('a');
      await auth.authenticate(header);

      w.change(key.row, { expiresAt: w.now + 1_000 });
      await auth.authenticate(header);
      w.now += 1_000;
      expect(await ask()).toBe('revoked');
    },
  );

  test('a token stops with its client and its id, and with its own time', async () => {
    const { world: w, auth, key } = world();
    const [ann, bob, cy] = ['ann', 'bob', 'cy'].map(
      (clientId) => `Bearer ${w.signed(key, w.claims({ clientId, jti: `j-${clientId}` }))}`,
    );
    for (const header of [ann, bob, cy]) await auth.authenticate(header);
    w.revoke('a', 'client', 'ann');
    w.revoke('a', 'token', 'j-bob');
    expect(await codeOf(() => auth.authenticate(ann))).toBe('revoked');
    expect(await codeOf(() => auth.authenticate(bob))).toBe('revoked');
    expect((await auth.authenticate(cy)).clientId).toBe('cy');
    w.now += 599_999;
    expect((await auth.authenticate(cy)).clientId).toBe('cy');
    w.now += 1;
    expect(await codeOf(() => auth.authenticate(cy))).toBe('token_expired');
  });

  test('changed capabilities, limits and origins count from the next request on', async () => {
    const { world: w, auth, key } = world();
    const token = `Bearer ${w.signed(key)}`;
    for (const header of [key.header, token]) {
      expect((await auth.authenticate(header)).may('publish', 'room')).toBe(true);
    }
    w.change(key.row, { capabilities: { '*': ['subscribe'] } });
    for (const header of [key.header, token]) {
      expect((await auth.authenticate(header)).may('publish', 'room')).toBe(false);
    }
    w.addApp('a', { allowedOrigins: [] });
    for (const header of [key.header, token]) {
      expect((await auth.authenticate(header)).allowedOrigins).toEqual([]);
    }
  });

  test('a key refused as unknown is taken as soon as the snapshot with it has come', async () => {
    const { world: w, auth } = world();
    const other = new World();
    other.addApp('a');
    const late = other.addKey('a');
    const token = `Bearer ${other.signed(late)}`;
    for (const header of [late.header, token]) {
      expect(await codeOf(() => auth.authenticate(header))).toBe('unauthenticated');
    }
    w.apply({ keys: [late.row] });
    for (const header of [late.header, token]) {
      expect((await auth.authenticate(header)).keyId).toBe(late.row.id);
    }
  });

  test('a token refused because its time has not come is taken when it has', async () => {
    const { world: w, auth, key } = world();
    const header = `Bearer ${w.signed(key, w.claims({ nbf: w.seconds + 31 }))}`;
    expect(await codeOf(() => auth.authenticate(header))).toBe('unauthenticated');
    w.now += 1_000;
    expect((await auth.authenticate(header)).kind).toBe('token');
  });

  test('a flood of bad credentials neither pushes out the good ones nor is worked through again', async () => {
    const { world: w, auth, key } = world();
    const good = `Bearer ${w.signed(key)}`;
    await auth.authenticate(good);
    const flood = Array.from({ length: 5_000 }, () => `Bearer ${createKey('live').key}`);
    for (const header of flood)
      expect(await codeOf(() => auth.authenticate(header))).toBe('unauthenticated');
    expect(auth.authenticate(good)).not.toBeInstanceOf(Promise);
    const last = flood.at(-1);
    const [first, again] = [
      await problemOf(() => auth.authenticate(last)),
      await problemOf(() => auth.authenticate(last)),
    ];
    expect(again).toBe(first);
    w.now += 5_000;
    expect(await problemOf(() => auth.authenticate(last))).not.toBe(first);
  });

  test('good credentials are bounded too, and one that was dropped is simply checked again', async () => {
    const small = new World({ cacheEntries: 2 });
    small.addApp('a');
    const keys = [small.addKey('a'), small.addKey('a'), small.addKey('a')];
    const first = await small.authenticator.authenticate(keys[0]?.header);
    for (const key of keys) await small.authenticator.authenticate(key.header);
    const again = await small.authenticator.authenticate(keys[0]?.header);
    expect(again).not.toBe(first);
    expect(again.keyId).toBe(first.keyId);
  });

  test('what is revoked while a token is being verified is refused, not remembered as good', async () => {
    const { world: w, auth, key } = world();
    const header = `Bearer ${w.signed(key, w.claims({ clientId: 'ann' }))}`;
    const pending = auth.authenticate(header);
    w.revoke('a', 'client', 'ann');
    expect(await codeOf(() => pending)).toBe('revoked');
    expect(await codeOf(() => auth.authenticate(header))).toBe('revoked');
  });

  test('a key that arrives while its token is being refused is not refused once more', async () => {
    const { world: w, auth } = world();
    const other = new World();
    other.addApp('a');
    const late = other.addKey('a');
    const header = `Bearer ${other.signed(late)}`;
    const pending = codeOf(() => auth.authenticate(header));
    w.apply({ keys: [late.row] });
    expect(await pending).toBe('unauthenticated');
    expect((await auth.authenticate(header)).keyId).toBe(late.row.id);
  });

  test('P5 a refusal of one credential says nothing of another', async () => {
    const { world: w, auth, key } = world();
    w.addApp('b');
    const other = w.addKey('b');
    w.change(other.row, { revokedAt: w.now });
    expect(await codeOf(() => auth.authenticate(other.header))).toBe('revoked');
    expect(auth.authenticate(key.header)).not.toBeInstanceOf(Problem);
  });
});

/** A whole key for a body, with the checksum that belongs to it. */
function createKeyText(body: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let sum = '';
  for (let rest = crc32(body); sum.length < 6; rest = Math.floor(rest / 62))
    sum = digits[rest % 62] + sum;
  return body + sum;
}
