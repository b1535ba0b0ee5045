/**
 * Many channels with one hold each: one message to each in turn, a few on their way at a time. The
 * cost is that of a publish and of its delivery together.
 */
import { Requester } from '../http-client.mjs';
import { Receivers } from '../receivers.mjs';
import { publishOne } from '../publisher.mjs';
import { Samples } from '../statistics.mjs';
import { OwnShare, ServerWindow, allHeld, settle } from '../window.mjs';

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, holds: number, passes: number, publishers: number }} options
 */
export async function channels(target, { channel, holds, passes, publishers }) {
  const receivers = new Receivers(target);
  const lanes = Array.from({ length: publishers }, () => new Requester(target));
  const first = /** @type {Requester} */ (lanes[0]);
  const names = Array.from({ length: holds }, (_, index) => `${channel}-${index}`);
  try {
    await receivers.open(names);
    await allHeld(target, holds);
    const samples = new Samples(holds * passes);
    const server = new ServerWindow(target);
    const own = new OwnShare();
    /** @type {Map<string, number>} */
    const publishedAt = new Map();
    receivers.onMessage = (name) =>
      samples.add(performance.now() - /** @type {number} */ (publishedAt.get(name)));

    const pass = async (/** @type {number} */ n) => {
      let next = 0;
      const lane = async (/** @type {Requester} */ requester) => {
        for (let index = next++; index < names.length; index = next++) {
          const name = /** @type {string} */ (names[index]);
          publishedAt.set(name, performance.now());
          await publishOne(requester, target, name, n);
        }
      };
      await Promise.all([...lanes.map(lane), receivers.reached(holds * n)]);
    };

    await pass(1);
    await settle(first, target);
    samples.clear();
    await server.start();
    for (let n = 2; n <= passes + 1; n++) {
      own.start();
      await pass(n);
      own.stop();
      await settle(first, target);
    }
    const cpuMicros = await server.end();
    return {
      value: cpuMicros / (holds * passes),
      latency: samples.summary(),
      expected: holds * (passes + 1),
      received: receivers.received,
      emptyAnswers: receivers.emptyAnswers,
      loadShare: own.share,
    };
  } finally {
    receivers.close();
    for (const lane of lanes) lane.close();
  }
}
