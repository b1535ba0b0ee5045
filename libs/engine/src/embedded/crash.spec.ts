import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ALL, chainFault, texts } from '../conformance/harness.js';
import type { Stored } from '../port.js';
import { EmbeddedEngine } from './embedded-engine.js';

const FIXTURES = fileURLToPath(new URL('../../test/', import.meta.url));
const LANES = 4;
/** Acknowledgements after which each writer is killed: early, in the middle of things, and late. */
const KILL_AFTER = [1, 7, 40, 3, 150, 23, 400, 11];

let directory: string;
let child: ChildProcess | null = null;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** Runs a fixture on the built engine. */
function start(fixture: string, ...args: string[]) {
  const process_ = spawn(process.execPath, [join(FIXTURES, fixture), directory, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = process_;
  return { process: process_, lines: createInterface({ input: process_.stdout }) };
}

async function kill(target: ChildProcess): Promise<void> {
  const gone = once(target, 'exit');
  target.kill('SIGKILL');
  await gone;
}

const reopened = async (lockWaitMs = 10_000) => {
  const engine = new EmbeddedEngine({
    directory,
    clock: Date,
    floorBytes: 0,
    sweepEveryMs: 0,
    lockWaitMs,
  });
  await engine.start();
  return engine;
};

describe('EmbeddedEngine and kill -9', () => {
  test('P1 P2 P3 P6: every acknowledged message is there, once, in order, and counted once, after every kill', async () => {
    const acked = new Map<string, number>();
    const next = Array.from({ length: LANES }, () => 1);
    const epochs = new Set<string>();
    for (const killAfter of KILL_AFTER) {
      const { process: writer, lines } = start('crash-writer.mjs', JSON.stringify(next));
      let seen = 0;
      // What is still in the pipe after the kill was acknowledged as well, and counts.
      for await (const line of lines) {
        const [lane, number, position] = line.split(' ').map(Number) as [number, number, number];
        const before = acked.get(`${lane}:${number}`);
        expect(before ?? position).toBe(position);
        acked.set(`${lane}:${number}`, position);
        next[lane] = number + 1;
        if (++seen === killAfter) writer.kill('SIGKILL');
      }
      expect(seen).toBeGreaterThanOrEqual(killAfter);
      alignToAppends(next);

      const engine = await reopened();
      const read: Stored[] = [];
      for (const name of ['lane-0', 'lane-1']) {
        const { messages, epoch } = await engine.read({ app: 'app', name }, null, ALL);
        expect(chainFault(messages, 0)).toBeNull();
        epochs.add(epoch);
        read.push(...messages);
      }
      const { lines: counted, truncated } = await engine.journal(0, 100_000);
      expect(truncated).toBe(false);
      expect(counted.reduce((sum, { messages }) => sum + messages, 0)).toBe(read.length);
      expect(await engine.counted('all')).toBe(read.length);
      for (let lane = 0; lane < LANES; lane++) {
        const label = `lane-${lane}`;
        const ofLane = counted.filter((line) => line.label === label);
        const messages = ofLane.reduce((sum, line) => sum + line.messages, 0);
        expect(await engine.counted(label)).toBe(messages);
        expect(texts(read).filter((text) => text.startsWith(`${lane}:`))).toHaveLength(messages);
      }
      await engine.drain();

      const stored = new Map(read.map((m, i) => [texts(read)[i]!.replace(/\.+$/, ''), m.position]));
      expect(stored.size).toBe(read.length);
      for (const [key, position] of acked) expect([key, stored.get(key)]).toEqual([key, position]);
      for (let lane = 0; lane < LANES; lane++) {
        const numbers = texts(read)
          .filter((text) => text.startsWith(`${lane}:`))
          .map((text) => Number.parseInt(text.split(':')[1]!, 10));
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      }
    }
    expect(epochs.size).toBe(1);
  });

  test('P1: a second process does not open the directory while the first lives, and does at once after', async () => {
    const { process: holder, lines } = start('hold-directory.mjs', '10000');
    await once(lines, 'line');
    await expect(reopened(0)).rejects.toThrow(/in use by another process.*Stop that process/s);
    await kill(holder);
    const engine = await reopened(0);
    await engine.drain();
  });

  test('P1: a start waits for a predecessor that is about to go', async () => {
    const engine = await reopened();
    const { process: waiting, lines } = start('hold-directory.mjs', '10000');
    const started = once(lines, 'line');
    await engine.drain();
    expect(await started).toEqual(['started']);
    await kill(waiting);
  });
});

/** A lane killed amid the report of one append repeats that append, not its unreported rest. */
function alignToAppends(next: number[]): void {
  for (const [lane, reached] of next.entries()) {
    let first = 1;
    for (let end = 1; end <= reached; end = first + 1 + ((first * 7 + lane) % 9)) first = end;
    next[lane] = first;
  }
}
