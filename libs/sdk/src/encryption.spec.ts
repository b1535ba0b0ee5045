import { describe, expect, test } from '@jest/globals';
import { fromBase64, toBase64 } from './base64.js';
import type { Undecryptable } from './encryption.js';
import { settle } from './testing/manual-clock.js';
import { World } from './testing/world.js';
import type { Message } from './types.js';

const key = (fill: number): string => toBase64(new Uint8Array(32).fill(fill));
const K1 = key(1);
const K2 = key(2);
const CANARY = 'canary-7f3a';

/** A client with keys for a channel, and what it is handed. */
function member(world: World, channel = 'room:1', keys = { k1: K1 }, current = 'k1') {
  const room = world.holdline.channel(channel, { encryption: { keys, current } });
  const messages: Message[] = [];
  const failed: Undecryptable[] = [];
  room.on('undecryptable', (one) => failed.push(one));
  room.subscribe((message) => void messages.push(message));
  return { room, messages, failed };
}

const stored = (world: World, channel = 'room:1') => world.server.log(channel);
/** WebCrypto works off the main thread: its answers come when they come. */
const until = async (check: () => boolean): Promise<void> => {
  const end = performance.now() + 5000;
  while (!check() && performance.now() < end) await settle();
  expect(check()).toBe(true);
};

describe('an encrypted channel', () => {
  test('those with the key read what was published; the server has ciphertext alone', async () => {
    const world = new World();
    const { room, messages } = member(world);
    await room.ready();
    await room.publish({ text: CANARY }, { name: 'chat', headers: { lang: 'en' }, id: 'i1' });
    await until(() => messages.length === 1);
    expect(messages[0]).toMatchObject({
      id: 'i1',
      name: 'chat',
      data: { text: CANARY },
      headers: { lang: 'en' },
    });
    expect(messages[0]).not.toHaveProperty('encoding');
    const [message] = stored(world);
    expect(message).toMatchObject({
      name: 'chat',
      encoding: 'base64',
      headers: { lang: 'en', 'holdline-enc': 'aes-256-gcm', 'holdline-key': 'k1' },
    });
    const bytes = fromBase64(message?.data as string)!;
    expect(bytes).toHaveLength(12 + JSON.stringify({ data: { text: CANARY } }).length + 16);
    expect(JSON.stringify(world.server.seen)).not.toContain(CANARY);
    world.holdline.close();
  });

  test('equal messages are never equal on the wire: each has an iv of its own', async () => {
    const world = new World();
    const { room } = member(world);
    await room.publishAll(Array.from({ length: 100 }, () => ({ data: 'same' })));
    const ivs = stored(world).map(({ data }) => (data as string).slice(0, 16));
    expect(new Set(ivs).size).toBe(100);
  });

  test('any JSON, bytes and large data come back as they were', async () => {
    const world = new World();
    const { room, messages } = member(world);
    await room.ready();
    const values = [null, 0, '', 'ü🚀', [1, [2]], { a: { b: null } }, 'x'.repeat(300_000)];
    for (const data of values) await room.publish(data);
    await room.publish('AQID', { encoding: 'base64' });
    await until(() => messages.length === values.length + 1);
    expect(messages.map(({ data }) => data)).toEqual([...values, 'AQID']);
    expect(messages.at(-1)?.encoding).toBe('base64');
    world.holdline.close();
  });

  test('P2 calls are stored in their order, however long each takes to encrypt', async () => {
    const world = new World();
    const { room } = member(world);
    const sent = Array.from({ length: 20 }, (_, n) =>
      room.publish(n % 2 === 0 ? 'x'.repeat(100_000) : n, { name: `n${n}` }),
    );
    await Promise.all(sent);
    expect(stored(world).map(({ name }) => name)).toEqual(sent.map((_, n) => `n${n}`));
  });

  test('history decrypts too, and leaves out what it cannot', async () => {
    const world = new World();
    const { room, failed } = member(world);
    await room.publish(1);
    world.publish('room:1', 'plain');
    await room.publish(2);
    const data: unknown[] = [];
    for await (const message of room.history({ order: 'oldest' })) data.push(message.data);
    expect(data).toEqual([1, 2]);
    await until(() => failed.length > 0);
    expect(failed[0]?.reason).toBe('not_encrypted');
    world.holdline.close();
  });

  test('several subscribers: decrypted once, told once', async () => {
    const world = new World();
    const { room, messages, failed } = member(world);
    const second: unknown[] = [];
    room.subscribe(({ data }) => void second.push(data));
    await room.ready();
    world.publish('room:1', 'plain');
    await room.publish('hidden');
    await until(() => second.length === 1);
    expect([messages.length, second, failed.length]).toEqual([1, ['hidden'], 1]);
    world.holdline.close();
  });
});

describe('rotation', () => {
  test('old keys go on reading; the new one publishes', async () => {
    const world = new World();
    const { room, messages, failed } = member(world);
    await room.ready();
    await room.publish('old');
    world.holdline.channel('room:1', {
      encryption: { keys: { k1: K1, k2: K2 }, current: 'k2' },
    });
    await room.publish('new');
    await until(() => messages.length === 2);
    expect(messages.map(({ data }) => data)).toEqual(['old', 'new']);
    expect(stored(world).map(({ headers }) => headers?.['holdline-key'])).toEqual(['k1', 'k2']);
    const data: unknown[] = [];
    for await (const message of room.history()) data.push(message.data);
    expect([data, failed]).toEqual([['new', 'old'], []]);
    world.holdline.close();
  });

  test('who has not got the new key is told of an unknown one, and reading goes on', async () => {
    const world = new World();
    const { room, messages, failed } = member(world);
    await room.ready();
    const other = new World({ fetch: world.server.fetch });
    await member(other, 'room:1', { k1: K2 }).room.publish('another key of that id');
    await other.holdline
      .channel('room:1', { encryption: { keys: { k2: K2 }, current: 'k2' } })
      .publish('not for us');
    await room.publish('ours');
    await until(() => messages.length === 1);
    expect(failed.map(({ reason }) => reason)).toEqual(['tampered', 'unknown_key']);
    expect(failed[1]?.message).toMatchObject({ headers: { 'holdline-key': 'k2' } });
    expect(messages[0]?.data).toBe('ours');
    world.holdline.close();
    other.holdline.close();
  });
});

describe('what the server may not do', () => {
  const moved = async (change: (message: Message) => Partial<Message>, to = 'room:1') => {
    const world = new World();
    const { room } = member(world, 'room:1');
    const target = member(world, to);
    await target.room.ready();
    await room.publish('secret', { name: 'chat' });
    await until(() => stored(world).length === 1);
    const original = stored(world)[0]!;
    const { headers, name, encoding, data } = { ...original, ...change(original) };
    world.server.publish(to, data, 'forged', {
      ...(name ? { name } : {}),
      headers,
      encoding,
    } as Message);
    await until(() => target.failed.length === 1);
    const handed = target.messages.filter(({ id }) => id === 'forged');
    world.holdline.close();
    return { reason: target.failed[0]?.reason, handed };
  };

  test.each<[string, (message: Message) => Partial<Message>]>([
    ['change a byte', ({ data }) => ({ data: flip(data as string) })],
    ['cut it', ({ data }) => ({ data: (data as string).slice(0, -4) })],
    ['empty it', () => ({ data: '' })],
    ['send something else', () => ({ data: { not: 'base64' } })],
    ['give it another name', () => ({ name: 'admin' })],
    ['take its name', () => ({ name: '' })],
  ])('%s', async (_what, change) => {
    expect(await moved(change)).toEqual({ reason: 'tampered', handed: [] });
  });

  test('move it to another channel with the same keys', async () => {
    expect(await moved(() => ({}), 'room:2')).toEqual({ reason: 'tampered', handed: [] });
  });

  test('pass off plain text', async () => {
    const plain = { data: 'trust me', headers: {} };
    expect(await moved(() => plain)).toEqual({ reason: 'not_encrypted', handed: [] });
  });

  test('and where nobody listens for it, it is an error, not silence', async () => {
    const world = new World();
    const room = world.holdline.channel('room:1', {
      encryption: { keys: { k1: K1 }, current: 'k1' },
    });
    room.subscribe(() => undefined);
    await room.ready();
    world.publish('room:1', 'plain');
    await until(() => world.errors.length === 1);
    expect(world.errors[0]).toMatchObject({ code: 'undecryptable' });
    world.holdline.close();
  });
});

describe('keys', () => {
  const use = (keys: Record<string, string | CryptoKey>, current = 'k1') =>
    new World().holdline.channel('x', { encryption: { keys, current } });

  test.each<[Record<string, string>, string, RegExp]>([
    [{ k1: K1 }, 'k2', /current/],
    [{ k1: 'short' }, 'k1', /32 bytes/],
    [{ k1: '***' }, 'k1', /32 bytes/],
    [{ 'a b': K1 }, 'a b', /id/],
  ])('that make no sense are refused at once: %j', (keys, current, words) => {
    expect(() => use(keys, current)).toThrow(words);
  });

  test('may be CryptoKeys that never leave WebCrypto', async () => {
    const make = (length: number) =>
      crypto.subtle.generateKey({ name: 'AES-GCM', length }, false, ['encrypt', 'decrypt']);
    const world = new World();
    const { room, messages } = member(world, 'room:1', { k1: await make(256) } as never);
    await room.ready();
    await room.publish('x');
    await until(() => messages.length === 1);
    const weak = await make(128);
    expect(() => use({ k1: weak })).toThrow(/256 bits/);
    world.holdline.close();
  });

  test('the SDK’s headers cannot be set by hand', async () => {
    const room = use({ k1: K1 });
    await expect(room.publish(1, { headers: { 'holdline-key': 'x' } })).rejects.toMatchObject({
      code: 'invalid_use',
    });
    await expect(room.publish(2)).resolves.toBeDefined();
  });
});

function flip(data: string): string {
  const bytes = fromBase64(data)!;
  bytes[20]! ^= 1;
  return toBase64(bytes);
}
