/**
 * A server process's own account of its CPU time and memory, in the series that prom-client gives by
 * default, and of the requests it holds: written by the bare server, read from both.
 */
import { get } from 'node:http';

const USER = 'process_cpu_user_seconds_total';
const SYSTEM = 'process_cpu_system_seconds_total';
const RESIDENT = 'process_resident_memory_bytes';
const HOLDS = 'holdline_holds';

/**
 * This process's figures as Prometheus text.
 * @param {number} holds requests it holds now
 */
export function metricsText(holds) {
  const cpu = process.cpuUsage();
  return [
    `${USER} ${cpu.user / 1e6}`,
    `${SYSTEM} ${cpu.system / 1e6}`,
    `${RESIDENT} ${process.memoryUsage.rss()}`,
    `${HOLDS} ${holds}`,
    '',
  ].join('\n');
}

/**
 * CPU is that of all the process's threads (garbage collection and disk writes too), in
 * microseconds; memory is what is resident, in bytes.
 * @typedef {{ cpuMicros: number, residentBytes: number, holds: number }} Figures
 */

/**
 * @param {{ host: string, port: number }} server
 * @returns {Promise<Figures>}
 */
export async function readFigures({ host, port }) {
  const text = await fetchText(host, port);
  const value = (/** @type {string} */ name) => {
    const line = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text);
    if (!line) throw new Error(`${host}:${port}/metrics has no ${name}; the benchmark needs it.`);
    return Number(line[1]);
  };
  return {
    cpuMicros: (value(USER) + value(SYSTEM)) * 1e6,
    residentBytes: value(RESIDENT),
    holds: value(HOLDS),
  };
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<string>}
 */
function fetchText(host, port) {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path: '/metrics', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${host}:${port}/metrics answered ${response.statusCode}.`)),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
