import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Voice } from './say.js';

/** A server process that a launcher started, as noted in the data directory. */
const Noted = z.array(
  z.object({ name: z.string(), pid: z.number().int().positive(), script: z.string() }),
);
export type NotedServer = z.output<typeof Noted>[number];

const FILE = 'servers.json';
/** The servers end by themselves when their launcher is gone; they may drain this long. */
const WAIT_MS = 10_000;
const POLL_MS = 50;

/**
 * Notes which server processes run, for the next launcher in case this one is killed. A full disk must
 * not take the launcher down: without the note a next start may find a port in use for some seconds.
 */
export function noteServers(dataDir: string, servers: readonly NotedServer[], voice: Voice): void {
  try {
    writeFileSync(join(dataDir, FILE), JSON.stringify(servers), { mode: 0o600 });
  } catch (error) {
    voice.warn(
      `Which servers run could not be noted (${(error as Error).message}). Check the disk.`,
    );
  }
}

/** Waits for servers that a killed launcher left behind: they hold the ports and the message log. */
export async function awaitOrphans(dataDir: string, voice: Voice, waitMs = WAIT_MS): Promise<void> {
  const until = performance.now() + waitMs;
  for (const server of noted(dataDir)) {
    if (!isRunning(server)) continue;
    voice.info(
      `The ${server.name} of an earlier start is still ending (process ${server.pid}); waiting for it.`,
    );
    while (isRunning(server)) {
      if (performance.now() >= until) {
        voice.warn(
          `It does not end by itself; ending it now. Nothing acknowledged is lost by that.`,
        );
        end(server.pid);
        while (isRunning(server)) await delay(POLL_MS);
      }
      await delay(POLL_MS);
    }
  }
}

function noted(dataDir: string): NotedServer[] {
  try {
    return Noted.parse(JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')));
  } catch {
    // None noted, or cut off while being written: then nothing is known and nothing is touched.
    return [];
  }
}

/** True when that process runs that script: process ids are used again. */
function isRunning({ pid, script }: NotedServer): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script);
  } catch {
    if (process.platform === 'linux') return false;
    const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return (stdout ?? '').includes(script);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}
