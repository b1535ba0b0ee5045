/**
 * Publishing alone: connections that each fill a channel of their own as fast as they are answered.
 * Afterwards the last message of each channel is read back.
 */
import { Requester } from '../http-client.mjs';
import { checkAccepted, lastStored } from '../publisher.mjs';
import { messageJson, publishRequest } from '../requests.mjs';
import { Samples } from '../statistics.mjs';
import { OwnShare, ServerWindow } from '../window.mjs';

/** Of all requests, how many go before the measured ones. */
const WARMUP = 0.2;

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, connections: number, requests: number, batch: number, ids: boolean }} options
 */
export async function publish(target, { channel, connections, requests, batch, ids }) {
  const warmup = Math.ceil((requests * WARMUP) / connections);
  const measured = Math.ceil(requests / connections);
  const lanes = Array.from({ length: connections }, (_, index) => {
    const name = `${channel}-${index}`;
    return {
      requester: new Requester(target),
      channel: name,
      // Made beforehand: building batches costs more than a lean server needs to take them.
      requests: Array.from({ length: warmup + measured }, (_request, at) =>
        Buffer.from(publishRequest(target, name, body(name, at * batch, batch, ids)), 'latin1'),
      ),
    };
  });
  const samples = new Samples((warmup + measured) * connections);
  const server = new ServerWindow(target);
  const own = new OwnShare();

  const run = (/** @type {number} */ from, /** @type {number} */ to) =>
    Promise.all(
      lanes.map(async (lane) => {
        for (const request of lane.requests.slice(from, to)) {
          const sentAt = performance.now();
          const answer = await lane.requester.ask(request);
          samples.add(performance.now() - sentAt);
          checkAccepted(answer, batch);
        }
      }),
    );

  try {
    await run(0, warmup);
    samples.clear();
    await server.start();
    own.start();
    await run(warmup, warmup + measured);
    own.stop();
    const cpuMicros = await server.end();
    let expected = 0;
    let received = 0;
    for (const lane of lanes) {
      expected += lane.requests.length * batch;
      received += await lastStored(lane.requester, target, lane.channel);
    }
    return {
      value: cpuMicros / (measured * connections * batch),
      latency: samples.summary(),
      expected,
      received,
      emptyAnswers: 0,
      loadShare: own.share,
    };
  } finally {
    for (const lane of lanes) lane.requester.close();
  }
}

/**
 * @param {string} channel
 * @param {number} after the number of the channel's last message so far
 * @param {number} batch
 * @param {boolean} ids
 */
function body(channel, after, batch, ids) {
  const messages = Array.from({ length: batch }, (_, index) => {
    const n = after + index + 1;
    return messageJson(n, ids ? `${channel}-${n}` : undefined);
  });
  return batch === 1 ? messages.join() : `[${messages.join(',')}]`;
}
