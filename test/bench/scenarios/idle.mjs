/**
 * What a hold costs while nothing happens: the growth of the server's resident memory from a warm
 * process without connections to one with all of its holds parked. Nothing is forced: no garbage
 * collection is asked for, the figure is what an operator would see. Then one message shows that
 * every hold is alive.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Requester } from '../http-client.mjs';
import { readFigures } from '../process-metrics.mjs';
import { publishOne } from '../publisher.mjs';
import { Receivers } from '../receivers.mjs';
import { Samples } from '../statistics.mjs';
import { OwnShare, allHeld } from '../window.mjs';
import { publish } from './publish.mjs';

/** Requests before the first reading, so that code and heap have grown to their working size. */
const WARMUP_REQUESTS = 3000;

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, holds: number, separate: boolean }} options `separate`: a channel for each hold
 */
export async function idle(target, { channel, holds, separate }) {
  await publish(target, {
    channel: `${channel}-warm`,
    connections: 64,
    requests: WARMUP_REQUESTS,
    batch: 1,
    ids: false,
  });
  const before = await settledMemory(target);
  const receivers = new Receivers(target);
  const publisher = new Requester(target);
  const names = Array.from({ length: holds }, (_, index) =>
    separate ? `${channel}-${index}` : channel,
  );
  try {
    await receivers.open(names);
    await allHeld(target, holds);
    const after = await settledMemory(target);
    const samples = new Samples(holds);
    const own = new OwnShare();
    /** @type {Map<string, number>} */
    const publishedAt = new Map();
    receivers.onMessage = (name) =>
      samples.add(performance.now() - /** @type {number} */ (publishedAt.get(name)));
    own.start();
    for (const name of new Set(names)) {
      publishedAt.set(name, performance.now());
      await publishOne(publisher, target, name, 1);
    }
    await receivers.reached(holds);
    own.stop();
    return {
      value: (after - before) / holds / 1000,
      latency: samples.summary(),
      expected: holds,
      received: receivers.received,
      emptyAnswers: receivers.emptyAnswers,
      loadShare: own.share,
    };
  } finally {
    receivers.close();
    publisher.close();
  }
}

/**
 * Resident bytes once they have stopped changing (by more than 0.5 % in half a second), or after
 * eight seconds whatever they are.
 * @param {import('../requests.mjs').Target} target
 */
async function settledMemory(target) {
  let last = (await readFigures(target)).residentBytes;
  for (let reading = 0; reading < 16; reading++) {
    await pause(500);
    const now = (await readFigures(target)).residentBytes;
    if (Math.abs(now - last) < last * 0.005) return now;
    last = now;
  }
  return last;
}
