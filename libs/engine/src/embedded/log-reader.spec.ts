import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedEngine } from './embedded-engine.js';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

test('P4: a read from the middle of a block sees the rest of it while the next block is being committed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdline-log-'));
  folders.push(directory);
  const engine = new EmbeddedEngine({
    directory,
    floorBytes: 0,
    clock: { now: () => Date.now() },
  });
  await engine.start();
  const channel = { app: 'app', name: 'room' };
  const payload = Buffer.from('{}');
  const entries = Array.from({ length: 20 }, (_, n) => ({
    id: `m${n}`,
    idempotent: false,
    payload,
  }));
  const append = () =>
    engine.append({ channel, retention: { seconds: 60, messages: null }, entries });
  await append();
  for (let round = 0; round < 300; round++) {
    const { epoch, last } = await engine.tail(channel);
    const middle = { epoch, position: last - 7 };
    let isStored = false;
    const stored = append().then(() => (isStored = true));
    while (!isStored) {
      const read = await engine.read(channel, middle, { messages: 7, bytes: 1e6 });
      expect([read.status, read.messages.length]).toEqual(['ok', 7]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await stored;
  }
  await engine.drain();
});
