import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { loadSdk, type SdkClient, type SdkMessage } from '../support/sdk.js';
import { useHoldline } from '../support/use-holdline.js';
import { only } from '../support/wire.js';

/** docs/patterns/encryption.md: the SDK's encrypted channels, over a real server. */
const site = useHoldline();
const { Holdline } = await loadSdk();

const newKey = (): string => randomBytes(32).toString('base64');
const clients: SdkClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function connect(): SdkClient {
  const client = new Holdline({ url: site.client.url, key: site.client.key });
  clients.push(client);
  return client;
}

function reader(name: string, keys: Record<string, string>, current: string) {
  const room = connect().channel(name, { encryption: { keys, current } });
  const messages: SdkMessage[] = [];
  const failed: string[] = [];
  room.on('undecryptable', ({ reason }) => failed.push(reason));
  room.subscribe((message) => void messages.push(message));
  return { room, messages, failed };
}

/** Whether any file of the data directory, the log's among them, holds the bytes. */
async function isOnDisk(text: string): Promise<boolean> {
  const folder = site.holdline.dataDir;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => null);
    if (bytes?.includes(text)) return true;
  }
  return false;
}

describe('an encrypted channel', () => {
  test('the server never has the plain text: not in answers, not in the log, not in what it prints', async () => {
    const canary = `canary-${randomBytes(12).toString('hex')}`;
    const control = `control-${randomBytes(12).toString('hex')}`;
    const keys = { k1: newKey() };
    const { room, messages } = reader('enc:canary', keys, 'k1');
    await room.ready();
    await room.publish({ text: canary }, { name: 'chat' });
    await site.client.publish('enc:control', { data: control });
    await eventually('the member reads it', 5000, () => messages.length === 1);
    expect(only(messages)).toMatchObject({ name: 'chat', data: { text: canary } });
    const plain = await site.client.receive('enc:canary', { from: 'start' });
    expect(only(plain.messages)).toMatchObject({
      name: 'chat',
      encoding: 'base64',
      headers: { 'holdline-enc': 'aes-256-gcm', 'holdline-key': 'k1' },
    });
    expect(JSON.stringify(plain)).not.toContain(canary);
    // What is not encrypted is found there: so the search would find it.
    expect(await isOnDisk(control)).toBe(true);
    expect(await isOnDisk(canary)).toBe(false);
    expect(site.holdline.output()).not.toContain(canary);
  });

  test('a rotation: the new key publishes, old messages are read with the old one', async () => {
    const [k1, k2] = [newKey(), newKey()];
    const old = connect().channel('enc:rotate', { encryption: { keys: { k1 }, current: 'k1' } });
    await old.publish('before');
    const { room, messages, failed } = reader('enc:rotate', { k1, k2 }, 'k2');
    await room.ready();
    await old.publish('from one who has not rotated yet');
    await room.publish('after');
    await eventually('both come', 5000, () => messages.length === 2);
    const data: unknown[] = [];
    for await (const message of room.history({ order: 'oldest' })) data.push(message.data);
    expect(data).toEqual(['before', 'from one who has not rotated yet', 'after']);
    expect(failed).toEqual([]);
  });

  test('what was moved from another channel, tampered with or is plain is told and left out; reading goes on', async () => {
    const keys = { k1: newKey() };
    const { room, messages, failed } = reader('enc:target', keys, 'k1');
    await room.ready();
    const source = connect().channel('enc:source', { encryption: { keys, current: 'k1' } });
    await source.publish('for the other channel');
    const { data, headers } = only(
      (await site.client.receive('enc:source', { from: 'start' })).messages,
    );
    await site.client.publish('enc:target', { data, headers, encoding: 'base64' });
    await room.publish('good');
    const good = only((await site.client.receive('enc:target', { from: '-1' })).messages);
    const bytes = Buffer.from(good.data as string, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    await site.client.publish('enc:target', {
      data: bytes.toString('base64'),
      headers: good.headers,
      encoding: 'base64',
    });
    await site.client.publish('enc:target', { data: 'plain' });
    await room.publish('last');
    await eventually('the last one comes', 5000, () => messages.length === 2);
    expect(messages.map((one) => one.data)).toEqual(['good', 'last']);
    expect(failed).toEqual(['tampered', 'tampered', 'not_encrypted']);
  });
});
