/** The run as a table: for the terminal, and as docs/benchmarks.md. */
import { cpus, loadavg, totalmem } from 'node:os';
import { SCENARIOS, goalMet, goalText } from './catalogue.mjs';
import { BUSY_SHARE } from './run.mjs';

/**
 * @typedef {{ cpu: string, cores: number, memoryGiB: number, node: string, platform: string, date: string,
 *   loadBefore: number }} Machine
 * @typedef {{ quick: boolean, rounds: number, seconds: number, machine: Machine,
 *   results: import('./run.mjs').Result[] }} Report
 */

/**
 * Taken before anything is started: the load is that of other programs.
 * @returns {Machine}
 */
export function machineFacts() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
    loadBefore: /** @type {number} */ (loadavg()[0]),
  };
}

const HEADINGS = [
  'scenario',
  'of',
  'bare',
  'holdline',
  'ratio',
  'goal',
  'bare p50 / p99 / max, ms',
  'holdline p50 / p99 / max, ms',
];

/**
 * @param {Report} report
 * @returns {string[][]} the headings, then a row for each scenario
 */
export function tableRows({ results }) {
  return [HEADINGS, ...results.map((result) => row(result, results))];
}

/**
 * @param {import('./run.mjs').Result} result
 * @param {readonly import('./run.mjs').Result[]} results
 */
function row({ name, servers }, results) {
  const scenario = /** @type {import('./catalogue.mjs').Scenario} */ (
    SCENARIOS.find((one) => one.name === name)
  );
  const { bare, holdline } = servers;
  const figure = (/** @type {import('./run.mjs').Summary | undefined} */ summary) =>
    summary ? `${summary.value.toFixed(scenario.unit === '×' ? 2 : 1)} ${scenario.unit}` : '–';
  const times = (/** @type {import('./run.mjs').Summary | undefined} */ summary) =>
    summary
      ? [summary.latency.p50, summary.latency.p99, summary.latency.max]
          .map((ms) => ms.toFixed(ms < 10 ? 1 : 0))
          .join(' / ') + (summary.loadShare > BUSY_SHARE ? ' †' : '')
      : '–';
  const both = bare && holdline;
  const figureOf = (/** @type {string} */ other) =>
    results.find((one) => one.name === other)?.servers.holdline?.value;
  const met =
    scenario.goal && holdline
      ? goalMet(scenario.goal, holdline.value, bare?.value, figureOf)
      : null;
  const goal = scenario.goal
    ? goalText(scenario.goal, scenario.unit) + (met === null ? '' : met ? ' ✓' : ' ✗')
    : '–';
  return [
    scenario.title,
    scenario.of,
    figure(bare),
    figure(holdline),
    both ? (holdline.value / bare.value).toFixed(2) : '–',
    goal,
    times(bare),
    times(holdline),
  ];
}

/** @param {Report} report */
export function busyNote({ results }) {
  const busy = results.some(({ servers }) =>
    Object.values(servers).some(({ loadShare }) => loadShare > BUSY_SHARE),
  );
  return busy
    ? `† The load generator used more than ${BUSY_SHARE * 100} % of a core here: these times are its own. CPU figures are the server's and stand.`
    : `The load generator stayed below ${BUSY_SHARE * 100} % of a core throughout.`;
}

/**
 * What else ran on the machine: it makes times longer and CPU per message larger, on both servers.
 * @param {Machine} machine
 */
export function loadNote({ loadBefore, cores }) {
  const load = `Load average before the run: ${loadBefore.toFixed(1)} on ${cores} cores`;
  return loadBefore > cores / 4
    ? `${load}. Other programs used the machine: repeat the run when it is quiet.`
    : `${load}.`;
}

/** @param {Report} report */
export function lossNote({ results }) {
  const all = results.flatMap(({ servers }) => Object.values(servers));
  const sum = (/** @type {'expected' | 'received' | 'emptyAnswers'} */ field) =>
    all.reduce((total, summary) => total + summary[field], 0);
  return `Messages expected ${sum('expected')}, received ${sum('received')}; holds that ended without one: ${sum('emptyAnswers')}.`;
}

/**
 * What a scenario shows besides its figures, a line for each round.
 * @param {Report} report
 */
export function furtherNotes({ results }) {
  return results.flatMap(({ name, servers }) =>
    Object.values(servers).flatMap(({ notes }) => notes.map((note) => `${name}: ${note}.`)),
  );
}

/** @param {Report} report */
export function terminalTable(report) {
  const rows = tableRows(report);
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param {Report} report */
export function markdown(report) {
  const { machine, rounds, seconds } = report;
  const [headings, ...rows] = tableRows(report).map((cells) => `| ${cells.join(' | ')} |`);
  return `# Benchmarks

Written by \`npm run bench -- --write\`; run it again rather than edit this page.

${machine.date} · ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ${machine.platform} · Node ${machine.node} · medians of ${rounds} rounds · ${Math.round(seconds)} s in all

${headings}
| ${HEADINGS.map(() => '---').join(' | ')} |
${rows.join('\n')}

${furtherNotes(report)
  .map((note) => `- ${note}\n`)
  .join('')}
${lossNote(report)}

${busyNote(report)}

${loadNote(machine)}

## What is compared

- **bare** is \`test/bench/bare-server.mjs\`: long polling on \`node:http\` in memory, with no credentials, validation or durability. It encodes an answer to many holds once. **holdline** is the whole product on a fresh data directory: credentials and rights checked on each request, every message on disk before it is acknowledged, readers given the proof that they missed nothing.
- Both get the same bytes: the same requests with the same headers (the API key too) from the same load generator, in turns within each round, so that a drift of the machine hits both.
- **CPU** is that of the server's process with all its threads (for Holdline: of delivery, the process that publishers and readers talk to), from its own accounting at \`/metrics\`, over the window of the scenario. The load generator shares the machine, so CPU per message is the figure that carries over to another one; speeds and times do not.
- **Fan-out**: the next message is published when every reader has had the last one and holds again, so a delivery's cost includes taking up the next poll. The first 100 000 deliveries are not counted: both servers' code is compiled by then. **Many channels**: a publish and its one delivery together. **Publish**: \`data\` of 256 bytes; with ids, Holdline also looks up and keeps each id for 24 hours, which bare does not do.
- **Standing holds**: messages to one hold at a steady pace, while the others stay parked throughout. **Streams**: the same fan-out to readers that need not poll again; bare has none. **Revocation**: from the request to the control plane to the last hold's answer \`401 revoked\`; the times are those of the single holds.
- **Presence**: members enter by \`PUT\`, evenly over a second, while the watchers hold; the figure is a watcher's answers for each 250 ms, the times run from a member's \`PUT\` to each watcher that is told of it, and a member told to a watcher counts as a message. **Noisy neighbour**: 200 publishes a second of one tenant, alone and beside a tenant that sends 20 times its rate; the figure is the p99 beside over the p99 alone, the times are those beside.
- **Times** of a delivery run from the moment the publish was sent to the moment each reader had its answer; of a publish, from request to answer. In a fan-out to thousands the last reader waits for all others: p50 is about half the time the whole round takes.
- **Idle holds**: growth of the resident memory from a warm process without connections to one with all holds parked, read when it has stopped changing. No garbage collection is asked for. A fresh process for each round.
- Both servers run with the same room for young objects (\`--max-semi-space-size=64\`), as the launcher gives it to delivery.
- Ratios have goals; nothing is asserted. The run fails only when something broke: an error, a message lost, repeated or out of order.
`;
}
