import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { AuditEntry } from '#contracts';
import { startTestApi, type Caller, type SignedUp, type TestApi } from '../testing/test-api.js';
import { AuditTrail } from './audit-trail.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

const entriesOf = async (call: Caller, query = ''): Promise<AuditEntry[]> =>
  (await call('GET', `/v1/audit${query}`)).body.data as AuditEntry[];

/** As somebody who has the database itself, and no scruples. */
async function tamper(sql: string, ...values: unknown[]): Promise<void> {
  const client = new pg.Client(t.postgresUrl);
  await client.connect();
  try {
    await client.query(`BEGIN;
      ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY; ALTER TABLE audit_head NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE audit_entry DISABLE TRIGGER USER; ALTER TABLE audit_head DISABLE TRIGGER USER`);
    const { rowCount } = await client.query(sql, values);
    expect(rowCount).toBe(1);
    await client.query(`
      ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY; ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
      ALTER TABLE audit_entry ENABLE TRIGGER USER; ALTER TABLE audit_head ENABLE TRIGGER USER; COMMIT`);
  } finally {
    await client.end();
  }
}

async function busyTenant(): Promise<SignedUp> {
  const user = await t.signUp();
  for (const name of ['one', 'two', 'three'])
    await user.call('POST', '/v1/apps', { body: { name } });
  return user;
}

describe('the audit log', () => {
  test('an entry says who, from where, what, to what, and how it was before and after', async () => {
    const { call, userId, appId } = await t.signUp();
    await call('PATCH', `/v1/apps/${appId}`, {
      body: { name: 'renamed' },
      headers: { 'user-agent': 'a browser' },
      address: '203.0.113.9',
    });
    const [entry] = await entriesOf(call);
    expect(entry).toMatchObject({
      actor: userId,
      ip: '203.0.113.9',
      userAgent: 'a browser',
      action: 'app.updated',
      target: appId,
      before: { name: 'default' },
      after: { name: 'renamed' },
    });
  });

  test('what a key did says which key', async () => {
    const { call, appId } = await t.signUp();
    const made = await call('POST', `/v1/apps/${appId}/keys`, {
      body: { capabilities: { '*': ['*', 'admin'] } },
    });
    await t.withKey(made.body.key)('POST', '/v1/apps', { body: { name: 'by key' } });
    expect((await entriesOf(call))[0]).toMatchObject({
      actor: made.body.id,
      action: 'app.created',
    });
  });

  test('no secret stands in it: neither a key nor a signing secret nor a password', async () => {
    const { call, appId } = await t.signUp();
    const made = await call('POST', `/v1/apps/${appId}/keys`, { body: {} });
    const rotated = await call('POST', `/v1/apps/${appId}/keys/${made.body.id}/rotate`, {
      body: {},
    });
    await call('POST', '/v1/members', {
      body: { email: 'fresh@example.com', role: 'viewer', password: 'a very secret word' },
    });
    const { text } = await call('GET', '/v1/audit/export');
    expect(text).toContain(made.body.id);
    for (const secret of [
      made.body.key,
      made.body.signingSecret,
      rotated.body.key,
      rotated.body.signingSecret,
      'a very secret word',
    ])
      expect(text).not.toContain(secret);
  });

  test('a field that is named like a secret is left out, whoever recorded it', async () => {
    const { call, tenantId, userId } = await t.signUp();
    const trail = t.api.app.get(AuditTrail);
    await t.database.asSystem((tx) =>
      trail.record(
        tx,
        { tenantId, id: userId },
        {
          action: 'test.happened',
          target: 'x\0y',
          after: { nested: [{ clientSecret: 'oh', apiKey: 'no', amount: 12n, text: '\ud800' }] },
        },
      ),
    );
    const [entry] = await entriesOf(call);
    expect(entry?.after).toEqual({
      nested: [
        { clientSecret: '[redacted]', apiKey: '[redacted]', amount: '12', text: '\u{fffd}' },
      ],
    });
    expect((await call('GET', '/v1/audit/verify')).body).toMatchObject({ intact: true });
  });

  test('a sign-in leaves an entry, and so does a wrong password, in the log of the account’s tenant', async () => {
    const { call, email, password, userId } = await t.signUp();
    await t.nobody('POST', '/v1/login', { body: { email, password: 'wrong' } });
    await t.nobody('POST', '/v1/login', { body: { email, password } });
    const found = await t.eventually(async () => {
      const entries = await entriesOf(call, '?action=login.*');
      expect(entries.map((entry) => entry.action)).toContain('login.failed');
      return entries;
    });
    expect(found.find(({ action }) => action === 'login.failed')).toMatchObject({
      actor: 'anonymous',
      target: userId,
    });
    expect(found.filter(({ action }) => action === 'login.succeeded')).toHaveLength(2);
  });

  test('what is rolled back leaves no entry, and the chain goes on as if it had never been', async () => {
    const { call, tenantId, userId } = await t.signUp();
    const trail = t.api.app.get(AuditTrail);
    const before = await entriesOf(call);
    await expect(
      t.database.withTenant(tenantId, async (tx) => {
        await trail.record(tx, { tenantId, id: userId }, { action: 'test.failed', target: 'x' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await entriesOf(call)).toEqual(before);
    await call('POST', '/v1/apps', { body: { name: 'after' } });
    expect((await entriesOf(call))[0]?.seq).toBe((before[0]?.seq ?? 0) + 1);
    expect((await call('GET', '/v1/audit/verify')).body.intact).toBe(true);
  });

  test('changes at the same moment make one chain, without a fork or a gap', async () => {
    const { call } = await t.signUp();
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => call('POST', '/v1/apps', { body: { name: `app${i}` } })),
    );
    const entries = await entriesOf(call, '?limit=100');
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => entries.length - i));
    expect((await call('GET', '/v1/audit/verify')).body).toMatchObject({
      intact: true,
      entries: entries.length,
    });
  });

  test('it is filtered by action, actor, target and time, and paged by the last entry’s number', async () => {
    const { call, appId, userId } = await busyTenant();
    t.clock.advance(60_000);
    const since = new Date(t.clock.now()).toISOString();
    await call('PATCH', `/v1/apps/${appId}`, { body: { name: 'later' } });
    const actions = async (query: string) =>
      (await entriesOf(call, query)).map(({ action }) => action);
    expect(await actions(`?target=${appId}`)).toEqual(['app.updated']);
    expect(await actions(`?from=${encodeURIComponent(since)}`)).toEqual(['app.updated']);
    expect(await actions(`?to=${encodeURIComponent(since)}&action=app.*`)).toEqual(
      Array<string>(3).fill('app.created'),
    );
    expect(await actions('?actor=usr_somebody')).toEqual([]);
    const first = await call('GET', `/v1/audit?limit=2&actor=${userId}`);
    expect(first.body.hasMore).toBe(true);
    const next = await entriesOf(call, `?limit=2&after=${first.body.data[1].seq}`);
    expect(next[0]?.seq).toBe(first.body.data[1].seq - 1);
  });

  test('an export has every entry of the time, and whoever has it can recompute the chain', async () => {
    const { call, tenantId } = await busyTenant();
    const answer = await call('GET', '/v1/audit/export');
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const entries = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEntry);
    expect(entries).toEqual((await entriesOf(call)).reverse());
    let previous = '0'.repeat(64);
    for (const e of entries) {
      const told = JSON.stringify([
        tenantId,
        e.seq,
        e.at,
        e.actor,
        e.ip,
        e.userAgent,
        e.action,
        e.target,
        sorted(e.before),
        sorted(e.after),
      ]);
      expect(e.hash).toBe(createHash('sha256').update(`${previous}\n${told}`).digest('hex'));
      previous = e.hash;
    }
  });

  test('as CSV no cell is a formula', async () => {
    const { call } = await t.signUp();
    await call('POST', '/v1/apps', {
      body: { name: 'x' },
      headers: { 'user-agent': '=HYPERLINK("http://evil.example")' },
    });
    const { text, headers } = await call('GET', '/v1/audit/export?format=csv');
    expect(headers['content-type']).toContain('text/csv');
    const lines = text.trim().split('\r\n');
    expect(lines[0]).toBe('seq,at,actor,ip,userAgent,action,target,before,after,previousHash,hash');
    expect(lines).toHaveLength(4);
    expect(text).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  });

  test('no tenant sees another’s', async () => {
    const mine = await busyTenant();
    const theirs = await busyTenant();
    for (const path of ['/v1/audit?limit=100', '/v1/audit/export']) {
      const { text } = await mine.call('GET', path);
      expect(text).toContain(mine.userId);
      expect(text).not.toContain(theirs.userId);
    }
    expect(await entriesOf(mine.call, `?actor=${theirs.userId}`)).toEqual([]);
  });

  test('an entry that was changed is found', async () => {
    const { call, tenantId } = await busyTenant();
    await tamper(
      `UPDATE audit_entry SET after = after || '{"name":"other"}' WHERE tenant_id = $1 AND seq = 4`,
      tenantId,
    );
    expect((await call('GET', '/v1/audit/verify')).body).toMatchObject({
      intact: false,
      fault: { seq: 4, reason: 'changed' },
    });
  });

  test.each([
    ['in the middle', 3],
    ['at the end', 5],
  ])('an entry that was taken out %s is found', async (_where, seq) => {
    const { call, tenantId } = await busyTenant();
    await tamper('DELETE FROM audit_entry WHERE tenant_id = $1 AND seq = $2', tenantId, seq);
    expect((await call('GET', '/v1/audit/verify')).body).toMatchObject({
      intact: false,
      fault: { seq, reason: 'missing' },
    });
  });

  test('an entry that was made anew with a fitting hash breaks the link after it', async () => {
    const { call, tenantId } = await busyTenant();
    await tamper(
      `UPDATE audit_entry SET hash = $2 WHERE tenant_id = $1 AND seq = 5`,
      tenantId,
      'a'.repeat(64),
    );
    expect((await call('GET', '/v1/audit/verify')).body.intact).toBe(false);
    await tamper('DELETE FROM audit_head WHERE tenant_id = $1', tenantId);
    expect((await call('GET', '/v1/audit/verify')).body.intact).toBe(false);
  });

  test.each([
    `UPDATE audit_entry SET actor = 'usr_x'`,
    'DELETE FROM audit_entry',
    'TRUNCATE audit_entry',
    'UPDATE audit_head SET seq = seq - 1',
    'DELETE FROM audit_head',
  ])('neither a tenant nor the system can do it: %s', async (sql) => {
    const { tenantId } = await busyTenant();
    const denied = /permission denied|appended to and never changed/;
    await expect(
      t.database.withTenant(tenantId, (tx) => tx.$executeRawUnsafe(sql)),
    ).rejects.toThrow(denied);
    await expect(t.database.asSystem((tx) => tx.$executeRawUnsafe(sql))).rejects.toThrow(denied);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
