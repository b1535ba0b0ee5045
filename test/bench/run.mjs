/** Takes every scenario through its rounds on each server in turn. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from './statistics.mjs';

/** Above this share of a core the load generator measures itself. */
export const BUSY_SHARE = 0.85;

/**
 * @typedef {import('./load.mjs').Measurement} Measurement
 * @typedef {import('./servers.mjs').Server} Server
 * @typedef {{ value: number, latency: import('./statistics.mjs').Latency, expected: number,
 *   received: number, emptyAnswers: number, loadShare: number, values: number[], notes: string[] }} Summary
 * @typedef {{ name: string, servers: Record<string, Summary> }} Result
 */

/** The load generator's process, one job at a time. */
export class Load {
  #child = fork(new URL('load.mjs', import.meta.url));

  /**
   * @param {Record<string, unknown>} job
   * @returns {Promise<Measurement>}
   */
  async run(job) {
    const ended = new AbortController();
    try {
      const gone = once(this.#child, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`The load generator ended with exit code ${code}.`);
      });
      this.#child.send(job);
      const answered = once(this.#child, 'message', { signal: ended.signal });
      const [answer] = await Promise.race([answered, gone]);
      if (answer.fault !== undefined) throw new Error(answer.fault);
      return answer.measurement;
    } finally {
      ended.abort();
    }
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

/**
 * The servers take turns within each round, so that a machine that grows slower or faster does so
 * for both.
 * @param {{ load: Load, servers: readonly Server[], quick: boolean, rounds: number,
 *   scenario: import('./catalogue.mjs').Scenario, progress: (line: string) => void }} what
 * @returns {Promise<Result>}
 */
export async function runScenario({ load, servers: all, scenario, quick, rounds, progress }) {
  const servers = all.filter(({ name }) => !(scenario.alone && name === 'bare'));
  /** @type {Record<string, Measurement[]>} */
  const taken = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const server of servers) {
      if (scenario.fresh && !server.pristine) await server.restart();
      server.pristine = false;
      const options = {
        ...(quick ? scenario.quick : scenario.full),
        channel: `bench-${scenario.name}-${round}`,
      };
      const measured = await load
        .run({ kind: scenario.kind, target: server.target, options })
        .catch((error) => {
          throw new Error(`${scenario.name} on ${server.name}, round ${round}: ${error.message}`);
        });
      taken[server.name]?.push(measured);
      progress(
        `${scenario.name} ${round}/${rounds} ${server.name}: ${measured.value.toFixed(1)} ` +
          `${scenario.unit}, p50 ${measured.latency.p50.toFixed(1)} ms, ` +
          `load generator ${Math.round(measured.loadShare * 100)} %` +
          (measured.loadShare > BUSY_SHARE ? ' (the bottleneck: latencies are its own)' : ''),
      );
    }
  }
  return {
    name: scenario.name,
    servers: Object.fromEntries(
      Object.entries(taken).map(([name, measurements]) => [name, summarize(measurements)]),
    ),
  };
}

/**
 * Medians over the rounds; counts are added up, the load generator's share is the highest.
 * @param {readonly Measurement[]} measurements
 * @returns {Summary}
 */
function summarize(measurements) {
  const middle = (/** @type {(measurement: Measurement) => number} */ of) =>
    median(measurements.map(of));
  const sum = (/** @type {(measurement: Measurement) => number} */ of) =>
    measurements.reduce((total, measurement) => total + of(measurement), 0);
  return {
    value: middle(({ value }) => value),
    latency: {
      p50: middle(({ latency }) => latency.p50),
      p99: middle(({ latency }) => latency.p99),
      max: middle(({ latency }) => latency.max),
    },
    expected: sum(({ expected }) => expected),
    received: sum(({ received }) => received),
    emptyAnswers: sum(({ emptyAnswers }) => emptyAnswers),
    loadShare: Math.max(...measurements.map(({ loadShare }) => loadShare)),
    values: measurements.map(({ value }) => value),
    notes: measurements.flatMap(({ note }) => note ?? []),
  };
}
