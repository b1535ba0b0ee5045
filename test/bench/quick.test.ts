import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const PROGRAM = join(process.cwd(), 'test', 'bench', 'main.mjs');
const SCENARIOS = [
  'idle5000',
  'idlechannels5000',
  'holds10000',
  'fanout1000',
  'fanout5000',
  'channels5000',
  'publish',
  'publishids',
  'batch100',
  'batch100ids',
  'standing',
  'ndjson1000',
  'websocket1000',
  'revocation',
  'presence',
  'noisy',
];
/** Of what the bare server has not. */
const ALONE = ['ndjson1000', 'websocket1000', 'revocation', 'presence', 'noisy'];
const serversOf = (name: string) => (ALONE.includes(name) ? ['holdline'] : ['bare', 'holdline']);

interface Summary {
  value: number;
  expected: number;
  received: number;
  emptyAnswers: number;
  latency: { p50: number; p99: number; max: number };
}

let directory: string;
let exitCode: number;
let output: string;
let results: { name: string; servers: Record<string, Summary> }[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdline-'));
  const file = join(directory, 'bench.json');
  const child = spawn(process.execPath, [PROGRAM, '--quick', '--json', file]);
  output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  [exitCode] = (await once(child, 'exit')) as [number];
  if (exitCode !== 0) throw new Error(`The benchmark ended with exit code ${exitCode}:\n${output}`);
  results = JSON.parse(await readFile(file, 'utf8')).results;
}, 420_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('npm run bench -- --quick', () => {
  test('runs every scenario on both servers, or on Holdline alone', () => {
    expect(results.map(({ name }) => name)).toEqual(SCENARIOS);
    for (const { name, servers } of results) expect(Object.keys(servers)).toEqual(serversOf(name));
  });

  test.each(SCENARIOS)('P1: %s loses nothing', (name) => {
    const servers = Object.values(results.find((result) => result.name === name)?.servers ?? {});
    expect(servers).toHaveLength(serversOf(name).length);
    for (const { expected, received } of servers) {
      expect(expected).toBeGreaterThan(0);
      expect(received).toBe(expected);
    }
  });

  test('10 000 holds are held by one process and all are answered', () => {
    const holds = results.find(({ name }) => name === 'holds10000')?.servers.holdline;
    expect(holds).toMatchObject({ received: 10_000, emptyAnswers: 0 });
  });

  test('measures CPU and times of each, and prints a row for each scenario', () => {
    for (const { name, servers } of results) {
      for (const { value, latency } of Object.values(servers)) {
        // Resident memory may shrink in so short a run; CPU time cannot.
        if (!name.startsWith('idle')) expect(value).toBeGreaterThan(0);
        expect(latency.p50).toBeGreaterThan(0);
        expect(latency.p99).toBeGreaterThanOrEqual(latency.p50);
        expect(latency.max).toBeGreaterThanOrEqual(latency.p99);
      }
    }
    const rows = output
      .split('\n')
      .filter((line) => / {2}[\d.-]+ (µs|kB|ms|answers|×) .* \d+(\.\d)? \/ \d/.test(line));
    expect(rows).toHaveLength(SCENARIOS.length);
  });

  test('says how many answers and bytes the watchers of a crowd were sent', () => {
    expect(output).toMatch(
      /\npresence: 500 members .* 50 watchers .* kB a watcher, .* MB in all\./,
    );
  });
});
