import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { awaitOrphans, noteServers } from './orphans.js';
import { keeper } from './testing/keeper.js';

let dataDir: string;
let script: string;
let child: ChildProcess;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
  script = join(dataDir, 'server.mjs');
  writeFileSync(script, `process.on('message', () => process.exit(0)); process.send('up');`);
  child = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
});
afterEach(async () => {
  child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

describe('servers that a killed launcher left behind', () => {
  test('are waited for until they have ended by themselves', async () => {
    const voice = keeper();
    noteServers(dataDir, [{ name: 'delivery', pid: child.pid ?? 0, script }], voice);
    const waited = awaitOrphans(dataDir, voice);
    await voice.heard(/The delivery of an earlier start is still ending/);
    const ended = once(child, 'exit');
    child.send('end');
    await waited;
    expect(await ended).toEqual([0, null]);
    expect(voice.said()).not.toMatch(/ending it now/);
  });

  test('are ended when they do not end by themselves', async () => {
    noteServers(dataDir, [{ name: 'delivery', pid: child.pid ?? 0, script }], keeper());
    const ended = once(child, 'exit');
    await awaitOrphans(dataDir, keeper(), 0);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  test('a process that runs something else under the same number is left alone', async () => {
    const voice = keeper();
    noteServers(
      dataDir,
      [{ name: 'delivery', pid: child.pid ?? 0, script: join(dataDir, 'other.mjs') }],
      voice,
    );
    await awaitOrphans(dataDir, voice, 0);
    expect(voice.said()).toBe('');
    expect(child.exitCode).toBeNull();
  });

  test('a note that was cut off, or none, is no obstacle', async () => {
    await awaitOrphans(dataDir, keeper(), 0);
    writeFileSync(join(dataDir, 'servers.json'), '[{"name":"deli');
    await awaitOrphans(dataDir, keeper(), 0);
    expect(child.exitCode).toBeNull();
  });

  test('a note that cannot be written is told and takes nothing down', () => {
    const voice = keeper();
    noteServers(join(dataDir, 'missing'), [], voice);
    expect(voice.said()).toMatch(/could not be noted/);
  });
});
