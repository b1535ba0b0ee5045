/**
 * One channel, many readers: each message is published when every reader has had the one before and,
 * where it polls, holds again. The cost includes publishing, answering, and taking up the next poll.
 */
import { Requester } from '../http-client.mjs';
import { Receivers } from '../receivers.mjs';
import { publishOne } from '../publisher.mjs';
import { Samples } from '../statistics.mjs';
import { Streams } from '../streams.mjs';
import { OwnShare, ServerWindow, allHeld, settle } from '../window.mjs';

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, holds: number, messages: number, warmup: number, over?: 'ndjson' | 'websocket' }} options
 *   `over`: streams of this kind instead of polls
 */
export async function fanout(target, { channel, holds, messages, warmup, over }) {
  const receivers = over ? new Streams(target, over) : new Receivers(target);
  const publisher = new Requester(target);
  try {
    await receivers.open(Array.from({ length: holds }, () => channel));
    await allHeld(target, holds);
    const samples = new Samples(holds * messages);
    const server = new ServerWindow(target);
    const own = new OwnShare();
    let publishedAt = 0;
    receivers.onMessage = () => samples.add(performance.now() - publishedAt);
    for (let n = 1; n <= warmup + messages; n++) {
      if (n === warmup + 1) {
        samples.clear();
        await server.start();
      }
      if (n > warmup) own.start();
      publishedAt = performance.now();
      const accepted = publishOne(publisher, target, channel, n);
      await Promise.all([accepted, receivers.reached(holds * n)]);
      if (n > warmup) own.stop();
      await settle(publisher, target);
    }
    const cpuMicros = await server.end();
    const deliveries = holds * messages;
    return {
      value: cpuMicros / deliveries,
      latency: samples.summary(),
      expected: holds * (warmup + messages),
      received: receivers.received,
      emptyAnswers: receivers.emptyAnswers,
      loadShare: own.share,
    };
  } finally {
    receivers.close();
    publisher.close();
  }
}
