import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { codeOf, problemOf, START } from './testing/world.js';
import { EarlyToken, parseJsonObject, readClaims } from './token-claims.js';

const NOW = START / 1000;
const read = (claims: unknown, now = START) => readClaims(Buffer.from(JSON.stringify(claims)), now);

describe('the times of a token', () => {
  test('exp ends it to the millisecond, without grace', async () => {
    expect(read({ exp: NOW + 0.001 }).expiresAt).toBe(START + 1);
    for (const exp of [NOW, NOW - 1, 0]) {
      expect(await codeOf(() => read({ exp }))).toBe('token_expired');
    }
  });

  test('exp lies at most an hour and 30 s of skew ahead of now and of iat', async () => {
    expect(read({ exp: NOW + 3_630 }).expiresAt).toBe(START + 3_630_000);
    expect(await codeOf(() => read({ exp: NOW + 3_630.001 }))).toBe('unauthenticated');
    expect(read({ iat: NOW - 3_000, exp: NOW + 630 }).issuedAt).toBe(START - 3_000_000);
    expect(await codeOf(() => read({ iat: NOW - 3_000, exp: NOW + 631 }))).toBe('unauthenticated');
  });

  test('iat and nbf may be 30 s ahead, as another server’s clock may', async () => {
    const exp = NOW + 600;
    expect(read({ exp, iat: NOW + 30, nbf: NOW + 30 }).issuedAt).toBe(START + 30_000);
    for (const claims of [{ iat: NOW + 31 }, { nbf: NOW + 31 }]) {
      expect(await problemOf(() => read({ exp, ...claims }))).toBeInstanceOf(EarlyToken);
    }
  });

  test('without iat a token counts as old as it can be, so that a revocation still meets it', () => {
    expect(read({ exp: NOW + 600 }).issuedAt).toBe(START - 3_000_000);
  });
});

describe('the claims of a token', () => {
  test('the client is clientId, or else sub; nothing of the kind is no client', () => {
    const exp = NOW + 60;
    expect(read({ exp, clientId: 'ann', sub: 'other' }).clientId).toBe('ann');
    expect(read({ exp, clientId: 'ann', sub: 7 }).clientId).toBe('ann');
    expect(read({ exp, sub: 'auth0|ann' }).clientId).toBe('auth0|ann');
    expect(read({ exp })).toMatchObject({ clientId: null, tokenId: null, capabilities: null });
  });

  test.each([
    ['exp', {}],
    ['exp', { exp: '99999999999' }],
    ['exp', { exp: null }],
    ['exp', { exp: -1 }],
    ['iat', { exp: NOW + 60, iat: 'now' }],
    ['nbf', { exp: NOW + 60, nbf: [] }],
    ['jti', { exp: NOW + 60, jti: 'x'.repeat(129) }],
    ['clientId', { exp: NOW + 60, clientId: '' }],
    ['clientId', { exp: NOW + 60, clientId: 'a\nb' }],
    ['sub', { exp: NOW + 60, sub: { id: 1 } }],
    ['app', { exp: NOW + 60, app: 1 }],
    ['capabilities', { exp: NOW + 60, capabilities: ['*'] }],
    ['capabilities', { exp: NOW + 60, capabilities: null }],
    ['capabilities', { exp: NOW + 60, capabilities: { 'ro*m': ['publish'] } }],
    ['capabilities', { exp: NOW + 60, capabilities: { room: ['everything'] } }],
    ['capabilities', { exp: NOW + 60, capabilities: { room: 'publish' } }],
  ])('a wrong %s is named: %j', async (claim, claims) => {
    const problem = await problemOf(() => read(claims));
    expect(problem.code).toBe('unauthenticated');
    expect(problem.message).toContain(`\`${claim}`);
  });

  test('a claim that stands there twice counts as the last one says', () => {
    const text = `{"exp":${NOW + 60},"clientId":"ann","clientId":"bob","exp":${NOW + 90}}`;
    expect(readClaims(Buffer.from(text), START)).toMatchObject({
      clientId: 'bob',
      expiresAt: START + 90_000,
    });
  });

  test('__proto__ in a payload grants nothing and changes nothing', () => {
    const text = `{"exp":${NOW + 60},"__proto__":{"clientId":"eve"},"capabilities":{"__proto__":["publish"]}}`;
    const claims = readClaims(Buffer.from(text), START);
    expect(claims.clientId).toBeNull();
    expect(Object.keys(claims.capabilities ?? {})).toEqual([]);
    expect(({} as Record<string, unknown>)['clientId']).toBeUndefined();
  });

  test('no payload makes the reader throw anything but its refusals', async () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .dictionary(
          fc.constantFrom('exp', 'iat', 'nbf', 'jti', 'sub', 'clientId', 'app', 'capabilities'),
          fc.jsonValue(),
        )
        .map((claims) => Buffer.from(JSON.stringify({ exp: NOW + 60, ...claims }))),
    );
    await fc.assert(
      fc.asyncProperty(payload, async (bytes) => {
        const outcome = await codeOf(() => {
          readClaims(bytes, START);
        }).catch((error: Error) => error.message);
        expect(['unauthenticated', 'token_expired', 'nothing was refused']).toContain(outcome);
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is not a JSON object in UTF-8 has no claims at all', () => {
    for (const bytes of ['[1]', 'null', '"x"', '{', ''].map((text) => Buffer.from(text))) {
      expect(parseJsonObject(bytes)).toEqual({});
    }
    expect(parseJsonObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toEqual({});
    expect(parseJsonObject(Buffer.from('['.repeat(4_000)))).toEqual({});
  });
});
