import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ConfigSnapshot, LIMIT, type SnapshotNamespace } from '#contracts';
import { AccessStore, type CredentialOwner, DEFAULT_RULES } from './access-store.js';
import { START, World } from './testing/world.js';

const rules = (appId: string, name: string, rest: Partial<SnapshotNamespace> = {}) => ({
  ...DEFAULT_RULES,
  appId,
  name,
  deleted: false,
  version: 1,
  ...rest,
});

const keyOwner = (appId: string, keyId: string): CredentialOwner => ({
  appId,
  keyId,
  clientId: null,
  tokenId: null,
  issuedAt: null,
});

function world() {
  const made = new World();
  made.addApp('a');
  const key = made.addKey('a');
  const token = (rest: Partial<CredentialOwner> = {}): CredentialOwner => ({
    appId: 'a',
    keyId: key.row.id,
    clientId: 'ann',
    tokenId: 'j1',
    issuedAt: START,
    ...rest,
  });
  return { world: made, store: made.store, key, token };
}

describe('applying snapshots', () => {
  test('rows no newer than what is here change nothing: they could undo a revocation', () => {
    const { world: w, store, key } = world();
    w.change(key.row, { revokedAt: START });
    const { version } = store;
    for (const old of [version, version - 1]) {
      const stale = { ...store.export(), full: false, version: old, keys: [key.row] };
      expect(store.apply(stale)).toBe(false);
    }
    expect(store.refusal(keyOwner('a', key.row.id))).toMatch(/revoked/);
    expect(store.version).toBe(version);
  });

  test('a full snapshot replaces everything: what it does not name is refused', () => {
    const { world: w, store, key } = world();
    w.apply({ namespaces: [rules('a', 'n', { presence: false })] });
    w.revoke('a', 'client', 'ann');
    w.addApp('b');
    const b = w.addKey('b');
    store.apply({
      ...store.export(),
      version: 99,
      keys: [b.row],
      namespaces: [],
      revocations: [],
    });
    expect(store.refusal(keyOwner('a', key.row.id))).toMatch(/revoked/);
    expect(store.refusal(keyOwner('b', b.row.id))).toBeNull();
    expect(store.rules('a', 'n:1')).toBe(DEFAULT_RULES);
    expect(store.version).toBe(99);
  });

  test('P7 a control plane restored from a backup, whose versions are lower, is listened to', () => {
    const { world: w, store, key } = world();
    const backup = store.export();
    for (let i = 0; i < 5; i += 1) w.addKey('a');
    expect(store.apply(backup)).toBe(true);
    w.version = backup.version;
    w.change(key.row, { revokedAt: START });
    expect(store.refusal(keyOwner('a', key.row.id))).toMatch(/revoked/);
  });

  test('what is exported is a snapshot of the contract, from which another store is the same', () => {
    const { world: w, store, token } = world();
    w.apply({ namespaces: [rules('a', 'n', { retentionSeconds: 60 })] });
    w.revoke('a', 'client', 'ann');
    w.revoke('a', 'token', 'j9');
    const text = JSON.stringify(store.export());
    const other = new AccessStore({ clock: w.clock });
    expect(other.isLoaded).toBe(false);
    other.apply(ConfigSnapshot.parse(JSON.parse(text)));
    expect(other.isLoaded).toBe(true);
    expect(JSON.stringify(other.export())).toBe(text);
    expect(other.rules('a', 'n:1').retentionSeconds).toBe(60);
    expect(other.refusal(token())).toBe('The client of this token was revoked.');
  });

  test('a row that did not change stays the same object, also through a full snapshot', () => {
    const { store, key } = world();
    const before = [store.app('a'), store.key(key.row.id)];
    store.apply(JSON.parse(JSON.stringify({ ...store.export(), version: 50 })));
    expect(store.app('a')).toBe(before[0]);
    expect(store.key(key.row.id)).toBe(before[1]);
  });

  test('listeners hear of each change, see its effect, and can stop listening', () => {
    const { world: w, store, key } = world();
    const seen: unknown[] = [];
    const stop = store.onChange((change) => {
      seen.push({ ...change, refused: store.refusal(keyOwner('a', key.row.id)) !== null });
    });
    w.apply({ namespaces: [rules('a', 'n')] });
    w.change(key.row, { revokedAt: START });
    stop();
    w.addApp('b');
    expect(seen).toEqual([
      { version: 3, mayEnd: false, refused: false },
      { version: 4, mayEnd: true, refused: true },
    ]);
  });
});

describe('namespace rules', () => {
  test('a channel takes those of its namespace in its own app, and the default ones otherwise', () => {
    const { world: w, store } = world();
    w.apply({ namespaces: [rules('a', 'room', { maxMessageBytes: 10 })] });
    expect(store.rules('a', 'room:1').maxMessageBytes).toBe(10);
    expect(store.rules('a', 'room:1:2').maxMessageBytes).toBe(10);
    for (const [app, channel] of [
      ['a', 'room'],
      ['a', 'rooms:1'],
      ['a', ':room'],
      ['b', 'room:1'],
      ['a', '__proto__:x'],
    ] as const) {
      expect(store.rules(app, channel)).toBe(DEFAULT_RULES);
    }
    w.apply({ namespaces: [rules('a', 'room', { deleted: true })] });
    expect(store.rules('a', 'room:1')).toBe(DEFAULT_RULES);
  });

  test('the default ones are those of the protocol, and nobody can change them', () => {
    expect(DEFAULT_RULES).toEqual({
      retentionSeconds: 24 * 3600,
      retentionMessages: null,
      persistence: true,
      presence: true,
      maxMessageBytes: LIMIT.messageBytes,
      publishers: 'anyone',
    });
    expect(Object.isFrozen(DEFAULT_RULES)).toBe(true);
  });
});

describe('P7 what is refused', () => {
  test('an unknown app or key; a revoked key, whenever the clock says it was', () => {
    const { world: w, store, key } = world();
    expect(store.refusal(keyOwner('zzz', key.row.id))).toMatch(/app/);
    expect(store.refusal(keyOwner('a', 'zzz'))).toMatch(/key/);
    expect(store.refusal(keyOwner('a', key.row.id))).toBeNull();
    w.change(key.row, { revokedAt: START + 60_000 });
    expect(store.refusal(keyOwner('a', key.row.id))).toMatch(/key.*revoked/);
  });

  test('every credential of an app that was revoked', () => {
    const { world: w, store, key, token } = world();
    w.addApp('a', { status: 'revoked' });
    expect(store.refusal(keyOwner('a', key.row.id))).toMatch(/app/);
    expect(store.refusal(token())).toMatch(/app/);
  });

  test('a rotated key and its tokens, from the millisecond its grace ends', () => {
    const { world: w, store, key, token } = world();
    w.change(key.row, { expiresAt: START + 1_000 });
    const isEnded = (now: number) => {
      w.now = now;
      return [keyOwner('a', key.row.id), token()].map(store.endedBy());
    };
    expect(isEnded(START + 999)).toEqual([false, false]);
    expect(isEnded(START + 1_000)).toEqual([true, true]);
  });

  test('a client’s tokens up to the revocation; not newer ones, other clients, other apps or keys', () => {
    const { world: w, store, key, token } = world();
    w.addApp('b');
    const other = w.addKey('b');
    w.revoke('a', 'client', 'ann', START);
    const isEnded = store.endedBy();
    expect(isEnded(token())).toBe(true);
    expect(isEnded(token({ issuedAt: START - 1 }))).toBe(true);
    expect(isEnded(token({ issuedAt: START + 1 }))).toBe(false);
    expect(isEnded(token({ clientId: 'bob' }))).toBe(false);
    expect(isEnded(token({ clientId: null }))).toBe(false);
    expect(isEnded(token({ appId: 'b', keyId: other.row.id }))).toBe(false);
    expect(isEnded(keyOwner('a', key.row.id))).toBe(false);
  });

  test('one token by its id, also from a signer whose clock is ahead, and no other token', () => {
    const { world: w, store, token } = world();
    w.revoke('a', 'token', 'j1', START);
    const isEnded = store.endedBy();
    expect(isEnded(token({ issuedAt: START + 30_000 }))).toBe(true);
    expect(isEnded(token({ tokenId: 'j2' }))).toBe(false);
    expect(isEnded(token({ tokenId: null }))).toBe(false);
    // A client of that name is not a token of that name.
    expect(isEnded(token({ tokenId: null, clientId: 'j1' }))).toBe(false);
  });

  test('revoking again moves the time on and never back', () => {
    const time = fc.integer({ min: 0, max: 1_000 });
    fc.assert(
      fc.property(fc.array(time, { minLength: 1 }), time, (times, issued) => {
        const { world: w, store, token } = world();
        for (const at of times) w.revoke('a', 'client', 'ann', START + at);
        const isRefused = issued <= Math.max(...times);
        expect(store.endedBy()(token({ issuedAt: START + issued }))).toBe(isRefused);
      }),
    );
  });

  test('revocations that no living token can meet are forgotten, so that they do not pile up', () => {
    const { world: w, store } = world();
    w.revoke('a', 'client', 'ann');
    w.now = START + 3_630_000;
    w.revoke('a', 'client', 'bob');
    expect(store.export().revocations.map((row) => row.value)).toEqual(['bob']);
  });

  test('the next end of a grace is the nearest one ahead, of keys not revoked', () => {
    const { world: w, store } = world();
    expect(store.nextExpiry(START)).toBeNull();
    w.addKey('a', { expiresAt: START + 500 });
    w.addKey('a', { expiresAt: START + 300 });
    w.addKey('a', { expiresAt: START + 100, revokedAt: START });
    expect(store.nextExpiry(START)).toBe(START + 300);
    expect(store.nextExpiry(START + 300)).toBe(START + 500);
    expect(store.nextExpiry(START + 500)).toBeNull();
  });
});
