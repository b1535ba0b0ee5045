import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ensureDataDir, lockDataDir } from './data-dir.js';
import { StartError } from './start-error.js';
import { keeper } from './testing/keeper.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe('data directory', () => {
  test('is made for its owner alone, with what is above it; an existing one stays as it is', () => {
    const inner = join(dataDir, 'a', 'b');
    ensureDataDir(inner);
    ensureDataDir(inner);
    expect(statSync(inner).mode & 0o777).toBe(0o700);
  });

  test('that cannot be made: says which, why and what to set', () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    expect(() => ensureDataDir(join(file, 'x'))).toThrow(
      /file.x cannot be made \(.+\)\. Set HOLDLINE_DATA_DIR/,
    );
  });
});

(process.platform === 'linux' ? describe : describe.skip)(
  'a place where nothing can be made',
  () => {
    test('is refused too, rather than tried for ever', () => {
      expect(() => ensureDataDir('/proc/holdline/data')).toThrow(StartError);
    });
  },
);

describe('one launcher for each data directory', () => {
  test('a second one is refused with what to do, and nothing is changed', async () => {
    const lock = await lockDataDir(dataDir, keeper());
    await expect(lockDataDir(dataDir, keeper(), 0)).rejects.toThrow(StartError);
    await expect(lockDataDir(dataDir, keeper(), 0)).rejects.toThrow(
      /Stop that one first, or set HOLDLINE_DATA_DIR/,
    );
    lock.release();
  });

  test('it waits for one that is ending, says so, and goes on when it has ended', async () => {
    const voice = keeper();
    const lock = await lockDataDir(dataDir, keeper());
    const second = lockDataDir(dataDir, voice);
    await voice.heard(/Another Holdline uses .+ waiting up to 10 s/);
    lock.release();
    (await second).release();
  });

  test('a killed one leaves no lock behind', async () => {
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const database = new DatabaseSync(${JSON.stringify(join(dataDir, 'launcher.lock'))});
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      process.send('locked');
      setInterval(() => database, 1000);`;
    const other = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(other, 'message');
    await expect(lockDataDir(dataDir, keeper(), 0)).rejects.toThrow(StartError);
    other.kill('SIGKILL');
    await once(other, 'exit');
    (await lockDataDir(dataDir, keeper(), 0)).release();
  });
});
