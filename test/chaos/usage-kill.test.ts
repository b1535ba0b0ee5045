import { describe, expect, test } from '@jest/globals';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { signal } from '../support/processes.js';
import { SeededRandom } from '../support/random.js';
import { useHoldline } from '../support/use-holdline.js';
import { check, type PublishAttempt } from './checker.js';
import { finalLog, publishAll, Reader } from './workload.js';

/** P6 when delivery, api and PostgreSQL are killed with -9, any time. `npm run test:usage` runs it at length. */
const site = useHoldline();

const IS_LONG = process.env['HOLDLINE_LONG'] === '1';
const WRITERS = 5;
const READERS = 4;
/** Of each writer; its size differs by the writer: 1, 3, 9, … */
const BATCHES = IS_LONG ? 1600 : 170;
const KILLS = IS_LONG ? 24 : 6;
const MOST_LOST_MS = 2000;
const LONG_MS = IS_LONG ? 1_500_000 : 240_000;

describe('usage while everything is killed', () => {
  test(
    'P6: published is the log’s count exactly; delivered is never more than the truth, and at most 2 s a kill less',
    async () => {
      const { apiUrl, deliveryUrl: url } = site.holdline;
      const random = new SeededRandom(IS_LONG ? 77 : 7);
      const owner = await ControlPlane.signUp(apiUrl);
      const [app] = await owner.list<{ id: string }>('/v1/apps');
      const { key } = await owner.create<{ key: string }>(`/v1/apps/${app!.id}/keys`, {
        capabilities: { '*': ['*'] },
      });
      const client = await new DeliveryClient(url, key).known();
      const channels = ['use:a', 'use:b', 'use:c'];
      const attempts: PublishAttempt[] = [];
      const taken: { at: number; messages: number }[] = [];
      const killed: { what: string; at: number }[] = [];
      const victims = {
        delivery: () => site.holdline.deliveryPid(),
        api: () => site.holdline.apiPid(),
        postgres: () => site.holdline.postgresPids()[0] as number,
      };
      const total = WRITERS * BATCHES;
      let acked = 0;
      let next = total / (KILLS + 1);
      const killOne = () => {
        const names = Object.keys(victims) as (keyof typeof victims)[];
        const what = names[killed.length % names.length] as keyof typeof victims;
        try {
          signal(victims[what](), 'SIGKILL');
          killed.push({ what, at: performance.now() });
        } catch {
          next = acked + 5; // It is being started: a little later.
        }
      };

      const readers = await Promise.all(
        Array.from({ length: READERS }, async (_, n) => {
          const token = await client.token({ clientId: `reader-${n}`, ttl: 3600 });
          return new Reader({
            url,
            key: token,
            name: `reader ${n}`,
            channels,
            dropChance: 0.05,
            random: new SeededRandom(500 + n),
            onTake: (messages) => void taken.push({ at: performance.now(), messages }),
          });
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
            size: Math.min(3 ** n, 60),
            attempts,
            repeats: () => random.chance(0.1),
            onAck: () => {
              acked += 1;
              if (killed.length < KILLS && acked >= next) {
                next = acked + total / (KILLS + 1);
                killOne();
              }
            },
          }),
        ),
      );
      const logs = await Promise.all(channels.map((channel) => finalLog(url, key, channel)));
      const ends = new Map(logs.map((log) => [log.channel, log.entries.at(-1)?.position ?? 0]));
      for (const reader of readers) reader.finishAt(ends);
      await Promise.all(reading);

      const traces = readers.flatMap((reader) => [...reader.traces.values()]);
      expect(check({ attempts, logs, traces })).toEqual([]);
      const published = logs.reduce((sum, log) => sum + log.entries.length, 0);
      const handed = traces.reduce((sum, trace) => sum + trace.positions.length, 0);
      const ended = Date.now();
      const usage = await eventually('usage is as fresh as the end', 60_000, async () => {
        const { status, json } = await owner.ask('/v1/usage?granularity=total');
        const report = json as { asOf: string | null; total: Record<string, number> };
        return status === 200 && Date.parse(report.asOf ?? '') > ended && report.total;
      });
      const delivered = usage['messages_delivered'] as number;
      const bound = killed
        .filter(({ what }) => what === 'delivery')
        .map(({ at }) => taken.filter((one) => one.at > at - MOST_LOST_MS && one.at < at + 500))
        .flat()
        .reduce((sum, { messages }) => sum + messages, 0);
      const operations =
        attempts.reduce((sum, { ids }) => sum + ids.length, 0) +
        handed +
        readers.reduce((sum, { drops }) => sum + drops, 0);
      process.stdout.write(
        `usage-kill: ${operations} operations, ${killed.length} kills (${killed.map(({ what }) => what).join(', ')}); ` +
          `published ${usage['messages_published']} of ${published}, difference ${published - (usage['messages_published'] as number)}; ` +
          `delivered ${delivered} of ${handed}, difference ${handed - delivered}, bound ${bound}\n`,
      );
      expect(killed).toHaveLength(KILLS);
      expect(usage['messages_published']).toBe(published);
      expect(delivered).toBeLessThanOrEqual(handed);
      expect(delivered).toBeGreaterThanOrEqual(handed - bound);
      const byKey = await owner.ask('/v1/usage?granularity=total&groupBy=app,key');
      expect((byKey.json as { total: Record<string, number> }).total['messages_published']).toBe(
        published,
      );
    },
    LONG_MS,
  );
});
