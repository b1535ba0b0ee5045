import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { LIMIT, TokenAnswer } from '#contracts';
import { issueToken } from './issue-token.js';
import { codeOf, part, problemOf, World } from './testing/world.js';

function world() {
  const made = new World();
  made.addApp('a');
  return { world: made, key: made.addKey('a', { capabilities: { 'room:*': ['subscribe'] } }) };
}

describe('issued tokens', () => {
  test('are taken by every node that knows the key, with what was asked for', async () => {
    const { world: w, key } = world();
    w.now += 123;
    const issued = await issueToken({
      key: key.row,
      clientId: 'ann',
      ttl: 60,
      capabilities: { '*': ['*'] },
      now: w.now,
      id: 'j1',
    });
    expect(TokenAnswer.parse(issued)).toEqual(issued);
    expect(issued.expiresAt).toBe(new Date(w.now + 60_000).toISOString());
    const principal = await w.bearer(issued.token);
    expect(principal).toMatchObject({
      appId: 'a',
      keyId: key.row.id,
      clientId: 'ann',
      tokenId: 'j1',
      issuedAt: w.now,
      expiresAt: w.now + 60_000,
    });
    expect(principal.may('subscribe', 'room:1')).toBe(true);
    expect(principal.may('publish', 'room:1')).toBe(false);
  });

  test('live 600 s unless asked otherwise, never over the most, and no longer than their key', async () => {
    const { world: w, key } = world();
    const until = async (ttl?: number, row = key.row) =>
      Date.parse((await issueToken({ key: row, ttl, now: w.now, id: 'j' })).expiresAt) - w.now;
    expect(await until()).toBe(600_000);
    expect(await until(1)).toBe(1_000);
    expect(await until(LIMIT.tokenMaxSeconds)).toBe(3_600_000);
    expect(await until(999_999)).toBe(3_600_000);
    expect(await until(60, { ...key.row, expiresAt: w.now + 5_000 })).toBe(5_000);
  });

  test('P7 one made in the millisecond after its client was revoked is taken, one of before is not', async () => {
    const { world: w, key } = world();
    const make = (id: string) =>
      issueToken({ key: key.row, clientId: 'ann', now: w.now, id }).then(({ token }) => token);
    const before = await make('j1');
    w.revoke('a', 'client', 'ann');
    w.now += 1;
    expect(await codeOf(() => w.bearer(before))).toBe('revoked');
    expect((await w.bearer(await make('j2'))).tokenId).toBe('j2');
  });

  test('of more bytes than a token may have are refused when they are asked for, not when used', async () => {
    const { world: w, key } = world();
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`room:${'x'.repeat(60)}${i}`, ['subscribe' as const]]),
    );
    const problem = await problemOf(() =>
      issueToken({ key: key.row, capabilities: many, now: w.now, id: 'j' }),
    );
    expect(problem.code).toBe('invalid_request');
    expect(problem.message).toMatch(/at most 4096/);
  });
});

describe('tokens made elsewhere', () => {
  const secret = 'c2lnbmluZy1zZWNyZXQtb2YtMzItYnl0ZXMtaGVyZSE';
  const header = '{"alg":"HS256","typ":"JWT","kid":"0123456789AB"}';
  const claims = '{"clientId":"ann","iat":1767225600,"exp":1767226200}';
  /** By Python 3.11, its standard library alone. */
  const FIXED =
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjAxMjM0NTY3ODlBQiJ9.eyJjbGllbnRJZCI6ImFubiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI2MjAwfQ.mW-_oNQm0edNPZ0c5zVn0NUW6jYZczyt6Z1hy55ETE4';

  /** With an interpreter where there is one; with the same bytes by another library where not. */
  function foreignToken(): string {
    const script = [
      'import base64, hashlib, hmac, sys',
      "part = lambda data: base64.urlsafe_b64encode(data).rstrip(b'=')",
      "secret, body = sys.argv[1], part(sys.argv[2].encode()) + b'.' + part(sys.argv[3].encode())",
      'mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()',
      "print((body + b'.' + part(mac)).decode())",
    ].join('\n');
    try {
      const args = ['-c', script, secret, header, claims];
      return execFileSync('python3', args, { encoding: 'utf8' }).trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const body = `${part(header)}.${part(claims)}`;
      return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
    }
  }

  test('with nothing but HMAC over the text of the signing secret are taken as they are', async () => {
    const { world: w } = world();
    w.addKey('a', { id: '0123456789AB', signingSecret: secret });
    const token = foreignToken();
    expect(token).toBe(FIXED);
    expect(await w.bearer(token)).toMatchObject({ clientId: 'ann', keyId: '0123456789AB' });
  });
});
