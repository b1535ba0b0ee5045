import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log.js';

/** Milliseconds that a fast shutdown may take before the harder kind is used. */
const FAST_MS = 5000;
const POLL_MS = 20;

/**
 * Clears the way for a new server: ends one that a killed predecessor left running on these files, in
 * good order, and removes a postmaster.pid whose process is gone or has become another program.
 */
export async function clearPredecessor(cluster: string, log: Log): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const pid = readPid(file);
  if (pid === null) return;
  if (isPostmaster(pid, cluster)) {
    log.info(
      `A PostgreSQL of an earlier start is still running (process ${pid}); stopping it first.`,
    );
    await shutDown(pid, () => isPostmaster(pid, cluster));
  } else {
    log.info('PostgreSQL did not end in good order last time; it recovers from its own log now.');
  }
  rmSync(file, { force: true });
}

/**
 * Ends a server: at first sessions are cut and everything is written out (fast); if that takes too
 * long it stops at once and recovers at its next start (immediate). Nothing committed is lost in either.
 */
export async function shutDown(pid: number, alive: () => boolean): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return;
    const until = performance.now() + FAST_MS;
    while (performance.now() < until) {
      if (!alive()) return;
      await delay(POLL_MS);
    }
  }
  throw new Error(
    `PostgreSQL (process ${pid}) does not end. Look at what it waits for, and end it by hand.`,
  );
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function readPid(file: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return pid > 0 ? pid : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** True when the process is the server of these very files: process ids are used again. */
export function isPostmaster(pid: number, cluster: string): boolean {
  const line = commandLine(pid);
  return line.includes('postgres') && line.includes(cluster);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // Not Linux, or no such process.
    return (
      spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? ''
    );
  }
}
