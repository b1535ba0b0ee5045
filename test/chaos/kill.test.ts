import { describe, expect, test } from '@jest/globals';
import { DeliveryClient } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { signal } from '../support/processes.js';
import { SeededRandom } from '../support/random.js';
import { useHoldline } from '../support/use-holdline.js';
import { check, type PublishAttempt } from './checker.js';
import { finalLog, publishAll, Reader } from './workload.js';

/** P1 to P4 when processes are killed with -9, any time. */
const site = useHoldline({ postgres: 'embedded' });
const KILLS = 6;

describe('kill -9 of delivery under load', () => {
  test(`P1–P4: ${KILLS} kills, every acknowledged message is there once, in order, for every reader`, async () => {
    const { deliveryUrl: url, apiKey: key } = site.holdline;
    const random = new SeededRandom(2026);
    const channels = ['kill:a', 'kill:b', 'kill:c'];
    const attempts: PublishAttempt[] = [];
    const BATCHES = 260;
    let acked = 0;
    let kills = 0;
    let nextKill = 1000;

    const readers = Array.from(
      { length: 6 },
      (_, n) =>
        new Reader({
          url,
          key,
          name: `reader ${n}`,
          channels,
          dropChance: 0.02,
          random: new SeededRandom(100 + n),
        }),
    );
    const reading = readers.map((reader) => reader.run());
    const publishing = Array.from({ length: 6 }, (_, n) =>
      publishAll({
        url,
        key,
        name: `p${n}`,
        channel: channels[n % channels.length] as string,
        batches: BATCHES,
        size: 1 + n * 2,
        attempts,
        onAck: (messages) => {
          acked += messages;
          if (kills < KILLS && acked >= nextKill) {
            kills++;
            // The next one comes only after the server has acknowledged again.
            nextKill = acked + 400 + random.below(900);
            signal(site.holdline.deliveryPid(), 'SIGKILL');
          }
        },
      }),
    );
    await Promise.all(publishing);
    expect(kills).toBe(KILLS);

    const logs = await Promise.all(channels.map((channel) => finalLog(url, key, channel)));
    const ends = new Map(logs.map((log) => [log.channel, log.entries.at(-1)?.position ?? 0]));
    for (const reader of readers) reader.finishAt(ends);
    await Promise.all(reading);

    const traces = readers.flatMap((reader) => [...reader.traces.values()]);
    expect(check({ attempts, logs, traces })).toEqual([]);
    // Nothing was declared lost, and some answers really were cut off.
    expect(traces.flatMap((trace) => trace.lost)).toEqual([]);
    expect(attempts.some((attempt) => attempt.outcome === 'indefinite')).toBe(true);
    expect(logs.reduce((sum, log) => sum + log.entries.length, 0)).toBe(acked);
  }, 180_000);
});

describe('kill -9 of the launcher', () => {
  test('P1: its servers end by themselves, and the next start has every acknowledged message', async () => {
    const client = new DeliveryClient(site.holdline.deliveryUrl, site.holdline.apiKey);
    const sent = await client.publish(
      'launcher',
      Array.from({ length: 50 }, (_, data) => ({ data })),
    );
    site.holdline.kill('SIGKILL');
    await site.holdline.ended();
    await eventually('both servers have ended', 12_000, async () => {
      const open = await Promise.allSettled(
        [site.holdline.apiUrl, site.holdline.deliveryUrl].map((url) => ask(`${url}/healthz`)),
      );
      return open.every((one) => one.status === 'rejected');
    });
    await site.holdline.restart();
    const { messages } = await client.receive('launcher', { from: 'start' });
    expect(messages.map((one) => one.position)).toEqual(sent.messages.map((one) => one.position));
  }, 120_000);
});

describe('kill -9 of api', () => {
  test('delivery serves on; api comes back by itself', async () => {
    const hold = site.client.hold('api-gone', { from: 'start' });
    await site.client.settle();
    signal(site.holdline.apiPid(), 'SIGKILL');
    await site.client.publish('api-gone', { data: 1 });
    expect((await hold.reply).status).toBe(200);
    await eventually(
      'api is ready again',
      20_000,
      async () => (await ask(`${site.holdline.apiUrl}/readyz`)).status === 200,
    );
  }, 60_000);
});
