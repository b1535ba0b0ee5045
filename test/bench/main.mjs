/**
 * `npm run bench`: Holdline beside a bare node:http long-poll server, in the same run. Speeds are
 * printed, never asserted: the exit code is 0 unless something broke or a message went missing.
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ROUNDS, SCENARIOS } from './catalogue.mjs';
import { USAGE, readOptions } from './options.mjs';
import {
  busyNote,
  furtherNotes,
  loadNote,
  lossNote,
  machineFacts,
  markdown,
  terminalTable,
} from './report.mjs';
import { Load, runScenario } from './run.mjs';
import { startBare, startHoldline } from './servers.mjs';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
/** Open files that the largest scenario needs in one process, with some room. */
const OPEN_FILES = 10_500;

/** @param {string} line */
const progress = (line) => void process.stderr.write(`${line}\n`);

/** @param {import('./options.mjs').Options} options */
async function bench(options) {
  warnOfFewFiles();
  const machine = machineFacts();
  const started = performance.now();
  const rounds = options.rounds ?? (options.quick ? ROUNDS.quick : ROUNDS.full);
  const scenarios = SCENARIOS.filter(
    ({ name, alone }) =>
      (options.only.length === 0 || options.only.includes(name)) && !(options.bare && alone),
  );
  /** @type {import('./servers.mjs').Server[]} */
  const servers = [];
  const load = new Load();
  /** @type {import('./run.mjs').Result[]} */
  const results = [];
  const interrupted = new Promise((_resolve, reject) => {
    const stop = () => reject(new Error('It was interrupted; nothing was written.'));
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  // Noticed at the next race below, not before: what has been started is stopped first.
  interrupted.catch(() => undefined);
  try {
    const holdline = options.bare ? null : await startHoldline(options.profile);
    if (holdline) servers.push(holdline);
    servers.unshift(await startBare(holdline?.target.key ?? 'hl_test_none'));
    for (const scenario of scenarios) {
      const { quick } = options;
      const running = runScenario({ load, servers, scenario, quick, rounds, progress });
      results.push(await Promise.race([running, interrupted]));
    }
  } finally {
    await load.stop();
    for (const server of servers) await server.stop();
  }
  const seconds = (performance.now() - started) / 1000;
  return { quick: options.quick, rounds, seconds, machine, results };
}

function warnOfFewFiles() {
  const asked = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' });
  const limit = Number(asked.stdout?.trim());
  if (limit < OPEN_FILES) {
    progress(
      `Only ${limit} files may be open in a process; 10 000 holds need ${OPEN_FILES}. ` +
        `Run \`ulimit -n ${OPEN_FILES}\` first, or choose other scenarios with --only.`,
    );
  }
}

/** @param {import('./report.mjs').Report} report */
async function writePage(report) {
  const { format } = await import('prettier');
  await writeFile(PAGE, await format(markdown(report), { parser: 'markdown' }));
}

/** @param {import('./report.mjs').Report} report */
function isComplete({ results }) {
  return results.every(({ servers }) =>
    Object.values(servers).every(({ expected, received }) => expected === received),
  );
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
  } else {
    const report = await bench(options);
    console.log(
      `\n${terminalTable(report)}\n\n` +
        [
          ...furtherNotes(report),
          lossNote(report),
          busyNote(report),
          loadNote(report.machine),
        ].join('\n'),
    );
    if (options.json !== null) await writeFile(options.json, JSON.stringify(report, null, 2));
    if (options.write) await writePage(report);
    if (!isComplete(report)) {
      process.exitCode = 1;
      console.error('Messages are missing: see the counts above.');
    }
  }
} catch (error) {
  process.exitCode = 1;
  console.error(`The benchmark stopped: ${/** @type {Error} */ (error).message}`);
  console.error('`npm run bench -- --help` lists what it can do.');
}
