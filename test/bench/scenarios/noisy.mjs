/**
 * One tenant's latency alone, and while another sends twenty times what it may: what is refused is
 * part of the noise. The figure is the p99 beside the noise over the p99 alone.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Control } from '../control.mjs';
import { Requester } from '../http-client.mjs';
import { lastStored } from '../publisher.mjs';
import { Samples } from '../statistics.mjs';
import { publishSteadily } from '../steady.mjs';
import { OwnShare } from '../window.mjs';

/** Messages a second that the noisy tenant may publish, and how many times that it tries. */
const RATE = 100;
const TIMES = 20;
const LANES = { quiet: 4, noisy: 16 };
/** Publishes a second of the quiet tenant: far from what the server can take. */
const QUIET_RATE = 200;
/** Milliseconds before the noise is measured beside: it has used up its first burst. */
const LEAD_MS = 500;

/** @typedef {import('../requests.mjs').Target} Target */

/**
 * @param {Target} target
 * @param {{ channel: string, ms: number }} options
 */
export async function noisy(target, { channel, ms }) {
  const limited = await limitedTenant(target, channel);
  const own = new OwnShare();
  await quiet(target, `${channel}-warm`, ms / 4);
  own.start();
  const alone = await quiet(target, `${channel}-alone`, ms);
  own.stop();
  const noise = fork(new URL('../noise.mjs', import.meta.url));
  try {
    const perSecond = RATE * TIMES;
    noise.send({ target: limited, lanes: LANES.noisy, perSecond, channel });
    await pause(LEAD_MS);
    own.start();
    const beside = await quiet(target, `${channel}-beside`, ms);
    own.stop();
    const ended = once(noise, 'message');
    noise.send('stop');
    const [{ admitted, refused }] = await ended;
    if (refused === 0) throw new Error('Nothing of the noise was refused: it was none.');
    return {
      value: beside.latency.p99 / alone.latency.p99,
      latency: beside.latency,
      expected: alone.sent + beside.sent,
      received: alone.stored + beside.stored,
      emptyAnswers: 0,
      loadShare: own.share,
      note:
        `p99 alone ${alone.latency.p99.toFixed(1)} ms, beside ${beside.latency.p99.toFixed(1)} ms ` +
        `(p50 ${alone.latency.p50.toFixed(1)} → ${beside.latency.p50.toFixed(1)}); ` +
        `of the noise ${admitted} messages were admitted, ${refused} refused`,
    };
  } finally {
    noise.kill();
  }
}

/**
 * @param {Target} target
 * @param {string} channel
 * @param {number} ms
 */
async function quiet(target, channel, ms) {
  const lanes = LANES.quiet;
  const samples = new Samples(Math.ceil((QUIET_RATE * ms) / 1000) * 2 + lanes);
  const end = performance.now() + ms;
  let sent = 0;
  const took = (/** @type {number} */ status, /** @type {number} */ taken) => {
    if (status !== 201) throw new Error(`The quiet tenant was answered ${status}.`);
    sent += 1;
    samples.add(taken);
  };
  const isOver = () => performance.now() > end;
  await publishSteadily({ target, lanes, perSecond: QUIET_RATE, channel, took, isOver });
  const requester = new Requester(target);
  let stored = 0;
  for (let index = 0; index < lanes; index++) {
    stored += await lastStored(requester, target, `${channel}-${index}`);
  }
  requester.close();
  return { latency: samples.summary(), sent, stored };
}

/**
 * A tenant of its own with a rate limit; its target.
 * @param {Target} target
 * @param {string} name
 * @returns {Promise<Target>}
 */
async function limitedTenant(target, name) {
  const { apiUrl, operator: credentials } = target.control;
  const control = new Control(apiUrl);
  const own = { email: `${name}@holdline.example`, password: 'a long noisy password' };
  const { tenant, app } = await control.ask('POST', '/v1/signup', own);
  const operator = new Control(apiUrl);
  await operator.ask('POST', '/v1/operator/login', credentials);
  const limits = { publishes_per_second_key: RATE };
  await operator.ask('PATCH', `/v1/operator/tenants/${tenant.id}`, { limits });
  const { key } = await control.ask('POST', `/v1/apps/${app.id}/keys`, {});
  return { ...target, key };
}
