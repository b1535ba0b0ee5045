/**
 * What a stretch of a scenario cost the server, and how busy the load generator was in it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readFigures } from './process-metrics.mjs';
import { healthRequest } from './requests.mjs';

/** Milliseconds: pauses cost no CPU, so they only have to be long enough. */
const SETTLE_MS = 20;
/** Milliseconds in which a server parks all polls that were sent. */
const HELD_MS = 10_000;

/** CPU of the server process between `start` and `end`, from its own accounting. */
export class ServerWindow {
  #target;
  #before = 0;

  /** @param {import('./requests.mjs').Target} target */
  constructor(target) {
    this.#target = target;
  }

  async start() {
    this.#before = (await readFigures(this.#target)).cpuMicros;
  }

  /** @returns {Promise<number>} microseconds */
  async end() {
    return (await readFigures(this.#target)).cpuMicros - this.#before;
  }
}

/**
 * CPU of this process while it was waiting for nothing but the server. A load generator that uses
 * (nearly) all of one core measures itself: its latencies are then its own.
 */
export class OwnShare {
  #cpuMicros = 0;
  #wallMs = 0;
  #cpuAt = process.cpuUsage();
  #wallAt = 0;

  start() {
    this.#cpuAt = process.cpuUsage();
    this.#wallAt = performance.now();
  }

  stop() {
    const used = process.cpuUsage(this.#cpuAt);
    this.#cpuMicros += used.user + used.system;
    this.#wallMs += performance.now() - this.#wallAt;
  }

  /** Of one core: 0 to 1, a little above where garbage is collected on another core. */
  get share() {
    return this.#cpuMicros / 1000 / this.#wallMs;
  }
}

/**
 * Resolves when the server has parked the polls sent just before: it has taken up a request that
 * came after all of them, and then has had time for what it put off.
 * @param {import('./http-client.mjs').Requester} requester
 * @param {import('./requests.mjs').Target} target
 */
export async function settle(requester, target) {
  const answer = await requester.ask(healthRequest(target));
  if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}.`);
  await pause(SETTLE_MS);
}

/**
 * Resolves when the server itself says that it holds this many requests at once.
 * @param {import('./requests.mjs').Target} target
 * @param {number} count
 */
export async function allHeld(target, count) {
  const deadline = performance.now() + HELD_MS;
  for (;;) {
    const { holds } = await readFigures(target);
    if (holds === count) return;
    if (performance.now() > deadline) {
      throw new Error(`The server holds ${holds} requests, though ${count} are waiting.`);
    }
    await pause(SETTLE_MS);
  }
}
