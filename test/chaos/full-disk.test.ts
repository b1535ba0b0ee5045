import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryClient } from '../support/delivery-client.js';
import { startHoldline } from '../support/holdline.js';
import { ask } from '../support/http-client.js';
import { refused, succeeded } from '../support/wire.js';

/** More than any disk has: the free space is below the floor from the start. */
const ABOVE_ANY_DISK = String(2 ** 52);
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

test('P8: a full disk refuses what would be stored and says so, keeps what is there readable, and stores nothing of a refusal', async () => {
  const roomy = await startHoldline({ dataDir });
  const before = await new DeliveryClient(roomy.deliveryUrl, roomy.apiKey).publish('disk', {
    data: 'before',
  });
  await roomy.stop();

  const full = await startHoldline({
    dataDir,
    env: { STORAGE_FLOOR_BYTES: ABOVE_ANY_DISK },
    awaitReady: false,
  });
  try {
    const client = new DeliveryClient(full.deliveryUrl, full.apiKey);
    const refusals = await Promise.all(
      Array.from({ length: 20 }, (_, n) => client.tryPublish('disk', { data: n, id: `full-${n}` })),
    );
    for (const reply of refusals) refused(reply, 507, 'storage_full');
    const batch = await client.ask('/v1/messages', {
      json: { messages: [{ channel: 'disk', data: 1 }] },
    });
    succeeded(batch, 207);
    expect(batch.json).toMatchObject({ results: [{ status: 507, code: 'storage_full' }] });

    const ready = await ask(`${full.deliveryUrl}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.text).toMatch(/space|disk/i);
    succeeded(await ask(`${full.deliveryUrl}/healthz`), 200);

    const kept = await client.receive('disk', { from: 'start' });
    expect(kept.messages.map((one) => one.position)).toEqual(
      before.messages.map((one) => one.position),
    );
  } finally {
    await full.stop();
  }

  const again = await startHoldline({ dataDir });
  try {
    const client = new DeliveryClient(again.deliveryUrl, again.apiKey);
    const retried = await client.publish('disk', { data: 0, id: 'full-0' });
    expect(retried.messages[0]?.duplicate).toBeUndefined();
    const { messages } = await client.receive('disk', { from: 'start' });
    expect(messages.map((one) => one.data)).toEqual(['before', 0]);
  } finally {
    await again.stop();
  }
}, 150_000);
