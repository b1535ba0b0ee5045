/**
 * The load generator: a process of its own that takes one job at a time from main.mjs and answers
 * with what it measured.
 */
import { channels } from './scenarios/channels.mjs';
import { fanout } from './scenarios/fanout.mjs';
import { idle } from './scenarios/idle.mjs';
import { noisy } from './scenarios/noisy.mjs';
import { presence } from './scenarios/presence.mjs';
import { publish } from './scenarios/publish.mjs';
import { revocation } from './scenarios/revocation.mjs';
import { standing } from './scenarios/standing.mjs';
import { allHeld } from './window.mjs';

/**
 * `value` is in the scenario's own unit. `expected` and `received` count messages over the whole
 * job, warm-up included; they differ when a message was lost. `note`: what else it shows, in words.
 * @typedef {{ value: number, latency: import('./statistics.mjs').Latency, expected: number,
 *   received: number, emptyAnswers: number, loadShare: number, note?: string }} Measurement
 */

/** @type {Record<string, (target: any, options: any) => Promise<Measurement>>} */
const KINDS = { channels, fanout, idle, noisy, presence, publish, revocation, standing };

process.on('message', async (/** @type {any} */ job) => {
  try {
    const run = /** @type {(typeof KINDS)[string]} */ (KINDS[job.kind]);
    const measurement = await run(job.target, job.options);
    // The next job must not pay for this one's connections, and a hold that nobody has is a fault.
    await allHeld(job.target, 0);
    process.send?.({ measurement });
  } catch (error) {
    process.send?.({ fault: /** @type {Error} */ (error).message });
  }
});
process.on('disconnect', () => process.exit(0));
