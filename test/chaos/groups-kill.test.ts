import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { GroupClient, type GroupMessage } from '../support/group-client.js';
import { ask } from '../support/http-client.js';
import { signal } from '../support/processes.js';
import { SeededRandom } from '../support/random.js';
import { useHoldline } from '../support/use-holdline.js';
import { succeeded } from '../support/wire.js';

/** Groups while delivery is killed with -9, any time. */
const site = useHoldline();
const KILLS = 5;
const MEMBERS = 5;
const MESSAGES = 1200;
const VISIBILITY = 3;

interface Handed {
  readonly position: number;
  readonly attempt: number;
  /** When the request was sent, and when its answer was there (performance.now). */
  readonly asked: number;
  readonly at: number;
}

test(`P1: ${KILLS} kills, competing members: each message is with one member at a time, comes until it is acked, and never after`, async () => {
  const group = await new GroupClient(site.client, 'kill:jobs', 'workers').create({
    visibility: VISIBILITY,
    maxAttempts: 0,
  });
  const random = new SeededRandom(2026);
  const handed: Handed[] = [];
  /** Position → when the answer to its ack was there. */
  const acked = new Map<number, number>();
  /** Handings out that were given back: others may have had the message at once. */
  const freed = new Set<string>();
  const expected = new Set<number>();
  let isPublished = false;
  let kills = 0;
  let nextKill = 80;

  const untilUp = () =>
    eventually('delivery is ready again', 20_000, async () => {
      return (await ask(`${site.holdline.deliveryUrl}/readyz`)).status === 200;
    });
  /** Asks once; null when the server went away meanwhile. */
  const tried = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!isConnection(error)) throw error;
      await untilUp();
      return null;
    }
  };

  const publishing = (async () => {
    for (let n = 0; n < MESSAGES; n += 10) {
      const batch = Array.from({ length: 10 }, (_, i) => ({ data: n + i, id: `job-${n + i}` }));
      for (let reply = null; reply?.status !== 201;) {
        reply = await tried(() => site.client.tryPublish('kill:jobs', batch));
        if (reply?.status === 201) {
          const { messages } = reply.json as { messages: { position: number }[] };
          for (const { position } of messages) expected.add(position);
        }
      }
    }
    isPublished = true;
  })();

  const member = async () => {
    while (!isPublished || acked.size < expected.size) {
      const asked = performance.now();
      const path = group.path('/messages', { wait: 1, limit: 1 + random.below(20) });
      const reply = await tried(() => site.client.ask(path));
      if (reply === null) continue;
      if (reply.status === 503) {
        await untilUp();
        continue;
      }
      succeeded(reply, 200);
      const { messages, lost } = reply.json as { messages: GroupMessage[]; lost: unknown };
      expect(lost).toBeNull();
      for (const { position, attempt } of messages) {
        handed.push({ position, attempt, asked, at: reply.at });
      }
      // Some are forgotten, some given back, the rest is acked.
      const ack = messages.filter(() => random.chance(0.9));
      const nack = messages.filter((one) => !ack.includes(one) && random.chance(0.5));
      const body = { ack: ack.map(({ ackId }) => ackId), nack: nack.map(({ ackId }) => ackId) };
      for (const { position, attempt } of nack) freed.add(`${position}/${attempt}`);
      const settled = await tried(() => group.tryAcks(body));
      if (settled?.status !== 200) continue;
      const { results } = settled.json as { results: { ackId: string; status: string }[] };
      results.forEach(({ status }, i) => {
        const message = ack[i];
        if (message && status !== 'expired') {
          expect(['acked', 'done']).toContain(status);
          if (!acked.has(message.position)) acked.set(message.position, settled.at);
        }
      });
      if (kills < KILLS && acked.size >= nextKill) {
        kills++;
        nextKill = acked.size + 100 + random.below(60);
        signal(site.holdline.deliveryPid(), 'SIGKILL');
      }
      await turn();
    }
  };
  // An ack whose answer was cut off may have counted: such messages never come again, and are done.
  const drained = async () => {
    await eventually('everything is acked', 120_000, async () => {
      const report = await tried(() => group.ask());
      if (report?.status !== 200) return false;
      const { lag, inFlight } = report.json as { lag: number; inFlight: number };
      return isPublished && lag === 0 && inFlight === 0;
    });
    for (const position of expected) if (!acked.has(position)) acked.set(position, Infinity);
  };
  await Promise.all([publishing, drained(), ...Array.from({ length: MEMBERS }, member)]);
  expect(kills).toBe(KILLS);

  const seen = new Map<number, Handed[]>();
  for (const one of handed) seen.set(one.position, [...(seen.get(one.position) ?? []), one]);
  expect([...seen.keys()].sort((a, b) => a - b)).toEqual([...expected].sort((a, b) => a - b));
  for (const [position, times] of seen) {
    times.sort((a, b) => a.at - b.at);
    for (const [n, one] of times.entries()) {
      // Never after its ack was answered.
      expect(one.asked).toBeLessThanOrEqual(acked.get(position) as number);
      const before = times[n - 1];
      if (!before) continue;
      expect(one.attempt).toBeGreaterThan(before.attempt);
      const isFree = freed.has(`${position}/${before.attempt}`);
      if (!isFree) expect(one.at - before.at).toBeGreaterThan(VISIBILITY * 1000 - 100);
    }
  }
  expect(await group.status()).toMatchObject({ lag: 0, inFlight: 0, deadLetters: 0 });
}, 180_000);

function isConnection(error: unknown): boolean {
  const { code } = error as { code?: string };
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(code ?? '');
}
