import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryClient } from '../support/delivery-client.js';
import { startHoldline, type Holdline } from '../support/holdline.js';

let dataDir: string;
let holdline: Holdline;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-epoch-'));
  holdline = await startHoldline({ dataDir });
}, 90_000);
afterAll(async () => {
  await holdline?.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 30_000);

/** D11: a log that was restored from a backup, which leaves the mark beside it out, is another log. */
describe('the log is not the one that readers know', () => {
  test('P4: whoever resumes is told lost: epoch and goes on from the oldest kept; new cursors are whole', async () => {
    const client = new DeliveryClient(holdline.deliveryUrl, holdline.apiKey);
    await client.publish('restored', [{ data: 1 }, { data: 2 }]);
    const before = await client.receive('restored', { from: 'start', limit: 1 });
    const epoch = before.channels['restored']?.epoch;

    holdline.kill('SIGTERM');
    expect((await holdline.ended()).code).toBe(0);
    await rm(join(dataDir, 'log', 'mark.json'));
    await holdline.restart();

    const after = await client.receive('restored', { cursor: before.cursor });
    expect(after.channels['restored']?.lost).toEqual({ reason: 'epoch' });
    expect(after.channels['restored']?.epoch).not.toBe(epoch);
    expect(after.messages.map((one) => one.data)).toEqual([1, 2]);

    await client.publish('restored', { data: 3 });
    const next = await client.receive('restored', { cursor: after.cursor });
    expect(next.channels['restored']).toMatchObject({ lost: null });
    expect(next.messages.map((one) => one.data)).toEqual([3]);
  }, 120_000);
});
