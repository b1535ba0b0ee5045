/**
 * `node test/bench/noisy.mjs [--quick]`: one tenant's latency alone, and while another sends twenty times
 * what its plan allows. What is refused is part of the noise. Prints, never asserts: the goal is that the
 * p99 stays within a fifth.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Requester } from './http-client.mjs';
import { checkAccepted } from './publisher.mjs';
import { messageJson, publishRequest } from './requests.mjs';
import { startHoldline } from './servers.mjs';
import { median, Samples } from './statistics.mjs';

/** Messages a second that the noisy tenant may publish, and what it tries. */
const RATE = 100;
const TIMES = 20;
const GOAL = 1.2;
const LANES = { quiet: 4, noisy: 16 };
/** Milliseconds between two publishes of a quiet lane: far from what the server can take. */
const PACE_MS = 20;

/** @typedef {import('./requests.mjs').Target} Target */

/**
 * Publishes at a steady pace over several connections until it is told to stop.
 * @param {{ target: Target, lanes: number, perSecond: number, channel: string,
 *   took: (status: number, ms: number) => void, isOver: () => boolean }} options
 */
async function publishSteadily({ target, lanes, perSecond, channel, took, isOver }) {
  const every = (1000 * lanes) / perSecond;
  await Promise.all(
    Array.from({ length: lanes }, async (_lane, index) => {
      const requester = new Requester(target);
      let due = performance.now() + (every * index) / lanes;
      for (let n = 1; !isOver(); n++) {
        const early = due - performance.now();
        if (early > 1) await pause(early);
        const sentAt = performance.now();
        const request = publishRequest(target, `${channel}-${index}`, messageJson(n));
        const answer = await requester.ask(request);
        took(answer.status, performance.now() - sentAt);
        if (answer.status !== 429) checkAccepted(answer, 1);
        due += every;
      }
      requester.close();
    }),
  );
}

/** The noise comes from a process of its own: it must not slow down whoever measures. */
async function makeNoise() {
  const [{ target }] = await once(process, 'message');
  let isOver = false;
  process.on('message', () => {
    isOver = true;
  });
  const counts = { admitted: 0, refused: 0 };
  const took = (/** @type {number} */ status) =>
    void (counts[status === 429 ? 'refused' : 'admitted'] += 1);
  const perSecond = RATE * TIMES;
  const lanes = LANES.noisy;
  const isDone = () => isOver;
  await publishSteadily({ target, lanes, perSecond, channel: 'noise', took, isOver: isDone });
  process.send?.(counts);
  process.disconnect();
}

/**
 * @param {Target} target
 * @param {number} ms
 */
async function measure(target, ms) {
  const perSecond = (1000 / PACE_MS) * LANES.quiet;
  const samples = new Samples(Math.ceil((perSecond * ms) / 1000) * 2);
  const end = performance.now() + ms;
  const took = (/** @type {number} */ status, /** @type {number} */ taken) => {
    if (status !== 201) throw new Error(`The quiet tenant was answered ${status}.`);
    samples.add(taken);
  };
  const isOver = () => performance.now() > end;
  await publishSteadily({ target, lanes: LANES.quiet, perSecond, channel: 'quiet', took, isOver });
  return samples.summary();
}

/**
 * A tenant of its own with a rate limit; its target.
 * @param {import('./servers.mjs').Server} server
 * @returns {Promise<Target>}
 */
async function limitedTenant({ demo, target }) {
  const ask = async (
    /** @type {string} */ method,
    /** @type {string} */ path,
    /** @type {unknown} */ body,
    cookie = '',
  ) => {
    const headers = { 'content-type': 'application/json', cookie, origin: demo.apiUrl };
    const answer = await fetch(demo.apiUrl + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return { json: await answer.json(), cookie: answer.headers.getSetCookie()[0]?.split(';')[0] };
  };
  const credentials = { email: 'noisy@holdline.example', password: 'a long noisy password' };
  const tenant = await ask('POST', '/v1/signup', credentials);
  const operator = await ask('POST', '/v1/operator/login', demo.operator);
  const limits = { publishes_per_second_key: RATE };
  await ask('PATCH', `/v1/operator/tenants/${tenant.json.tenant.id}`, { limits }, operator.cookie);
  const path = `/v1/apps/${tenant.json.app.id}/keys`;
  const { json } = await ask('POST', path, {}, tenant.cookie);
  return { ...target, key: json.key };
}

async function bench() {
  const isQuick = process.argv.includes('--quick');
  const [rounds, ms] = isQuick ? [1, 3_000] : [5, 8_000];
  const server = await startHoldline(null);
  try {
    const noisy = await limitedTenant(server);
    await measure(server.target, ms / 2);
    const ratios = [];
    for (let round = 1; round <= rounds; round++) {
      const alone = await measure(server.target, ms);
      const noise = fork(new URL(import.meta.url), ['--noise']);
      noise.send({ target: noisy });
      await pause(500);
      const beside = await measure(server.target, ms);
      const ended = once(noise, 'message');
      noise.send('stop');
      const [{ admitted, refused }] = await ended;
      ratios.push(beside.p99 / alone.p99);
      process.stdout.write(
        `round ${round}: p99 alone ${alone.p99.toFixed(2)} ms, beside ${beside.p99.toFixed(2)} ms ` +
          `(p50 ${alone.p50.toFixed(2)} → ${beside.p50.toFixed(2)}); the noise: ${admitted} admitted, ${refused} refused\n`,
      );
    }
    process.stdout.write(
      `noisy: p99 × ${median(ratios).toFixed(2)} beside a tenant at ${TIMES} times its rate (goal ≤ ${GOAL})\n`,
    );
  } finally {
    await server.stop();
  }
}

await (process.argv.includes('--noise') ? makeNoise() : bench());
