/**
 * One reader among many: messages to one hold, one after the other at a steady pace, while thousands
 * of holds stand on other channels and must not be paid for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Requester } from '../http-client.mjs';
import { publishOne } from '../publisher.mjs';
import { Receivers } from '../receivers.mjs';
import { Samples } from '../statistics.mjs';
import { OwnShare, allHeld } from '../window.mjs';

/** Of all messages, how many go before the measured ones. */
const WARMUP = 0.2;

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, holds: number, messages: number, perSecond: number }} options
 */
export async function standing(target, { channel, holds, messages, perSecond }) {
  const receivers = new Receivers(target);
  const publisher = new Requester(target);
  const others = Array.from({ length: holds }, (_, index) => `${channel}-${index}`);
  const warmup = Math.ceil(messages * WARMUP);
  const samples = new Samples(messages);
  const own = new OwnShare();
  let publishedAt = 0;
  try {
    await receivers.open([...others, channel]);
    await allHeld(target, holds + 1);
    receivers.onMessage = () => samples.add(performance.now() - publishedAt);
    let due = performance.now();
    for (let n = 1; n <= warmup + messages; n++) {
      const early = due - performance.now();
      if (early > 0) await pause(early);
      due = Math.max(due, performance.now()) + 1000 / perSecond;
      if (n === warmup + 1) {
        samples.clear();
        own.start();
      }
      publishedAt = performance.now();
      await Promise.all([publishOne(publisher, target, channel, n), receivers.reached(n)]);
    }
    own.stop();
    // None of the others has been answered in the meantime.
    await allHeld(target, holds + 1);
    const latency = samples.summary();
    return {
      value: latency.p99,
      latency,
      expected: warmup + messages,
      received: receivers.received,
      emptyAnswers: receivers.emptyAnswers,
      loadShare: own.share,
    };
  } finally {
    receivers.close();
    publisher.close();
  }
}
