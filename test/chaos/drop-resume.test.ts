import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from '../support/random.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { useHoldline } from '../support/use-holdline.js';
import { received } from '../support/wire.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { check, type PublishAttempt } from './checker.js';
import { finalLog, publishAll, Reader } from './workload.js';

/** P1 to P4 when readers lose their connection all the time. */
const site = useHoldline();

const WRITERS = 8;
const READERS = 20;
const BATCHES = 125;
const SIZE = 100;

describe('readers that drop and resume at random', () => {
  test(`P1–P4: ${WRITERS * BATCHES * SIZE} messages from ${WRITERS} writers to ${READERS} readers: no loss, no duplicate, no disorder, every chain whole`, async () => {
    const { deliveryUrl: url, apiKey: key } = site.holdline;
    const channels = ['drop:a', 'drop:b', 'drop:c', 'drop:d'];
    const attempts: PublishAttempt[] = [];
    const readers = Array.from(
      { length: READERS },
      (_, n) =>
        new Reader({
          url,
          key,
          name: `reader ${n}`,
          channels,
          dropChance: 0.1,
          random: new SeededRandom(n),
        }),
    );
    const reading = readers.map((reader) => reader.run());
    await Promise.all(
      Array.from({ length: WRITERS }, (_, n) =>
        publishAll({
          url,
          key,
          name: `w${n}`,
          channel: channels[n % channels.length] as string,
          batches: BATCHES,
          size: SIZE,
          attempts,
        }),
      ),
    );
    const logs = await Promise.all(channels.map((channel) => finalLog(url, key, channel)));
    const ends = new Map(logs.map((log) => [log.channel, log.entries.at(-1)?.position ?? 0]));
    for (const reader of readers) reader.finishAt(ends);
    await Promise.all(reading);

    const traces = readers.flatMap((reader) => [...reader.traces.values()]);
    expect(check({ attempts, logs, traces })).toEqual([]);
    expect(logs.reduce((sum, log) => sum + log.entries.length, 0)).toBe(WRITERS * BATCHES * SIZE);
    expect(traces.reduce((sum, trace) => sum + trace.positions.length, 0)).toBe(
      READERS * WRITERS * BATCHES * SIZE,
    );
    expect(traces.flatMap((trace) => trace.lost)).toEqual([]);
    expect(readers.every((reader) => reader.drops > 0)).toBe(true);
  }, 240_000);
});

describe('a path that cuts', () => {
  test('P4: resets after a few bytes, delays and sudden cuts lose a reader nothing', async () => {
    const proxy = await startTcpProxy(site.holdline.deliveryUrl);
    try {
      const { apiKey: key } = site.holdline;
      const random = new SeededRandom(5);
      const attempts: PublishAttempt[] = [];
      const channels = ['path'];
      proxy.cutAfterBytes = () => (random.chance(0.7) ? 100 + random.below(5000) : undefined);
      const readers = Array.from(
        { length: 4 },
        (_, n) =>
          new Reader({
            url: proxy.url,
            key,
            name: `reader ${n}`,
            channels,
            dropChance: 0,
            random: new SeededRandom(n),
          }),
      );
      const reading = readers.map((reader) => reader.run());
      await publishAll({
        url: proxy.url,
        key,
        name: 'writer',
        channel: 'path',
        batches: 200,
        size: 5,
        attempts,
        onAck: () => {
          proxy.delayMs = random.below(3);
          if (random.chance(0.1)) proxy.cut();
        },
      });
      proxy.cutAfterBytes = () => undefined;
      proxy.delayMs = 0;
      const log = await finalLog(site.holdline.deliveryUrl, key, 'path');
      for (const reader of readers)
        reader.finishAt(new Map([['path', log.entries.at(-1)?.position ?? 0]]));
      await Promise.all(reading);
      const traces = readers.flatMap((reader) => [...reader.traces.values()]);
      expect(check({ attempts, logs: [log], traces })).toEqual([]);
      expect(log.entries).toHaveLength(1000);
      expect(attempts.some((attempt) => attempt.outcome === 'indefinite')).toBe(true);
    } finally {
      await proxy.close();
    }
  }, 120_000);

  test('P4: a half-open connection swallows an answer; the same cursor on a new one has it again', async () => {
    const proxy = await startTcpProxy(site.holdline.deliveryUrl);
    try {
      const far = new DeliveryClient(proxy.url, site.holdline.apiKey);
      const cursor = await site.client.now('half-open');
      const hold = far.hold('half-open', { cursor });
      await far.settle();
      proxy.halfOpen();
      await site.client.publish('half-open', { data: 'swallowed' });
      await site.client.settle();
      expect(hold.settled).toBe(false);
      hold.abort();
      const again = received(await site.client.hold('half-open', { cursor }).reply);
      expect(again.messages.map((one) => one.data)).toEqual(['swallowed']);
    } finally {
      await proxy.close();
    }
  });
});
