import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '#platform';
import { MovedClock } from './moved-clock.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdline-'));
  file = join(folder, 'clock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const HOUR = 3_600_000;

describe('a clock that is moved by a file', () => {
  test('is ahead by what the file says, forward and back, and says loudly that it is', async () => {
    const said: string[] = [];
    await writeFile(file, String(5 * HOUR));
    const clock = new MovedClock(file, { warn: (text: unknown) => void said.push(String(text)) });
    let moves = 0;
    clock.onMove(() => moves++);
    expect(Math.abs(clock.now() - Date.now() - 5 * HOUR)).toBeLessThan(10_000);
    await writeFile(file, `-${HOUR}\n`);
    clock.look();
    clock.look();
    expect(clock.movedMs).toBe(-HOUR);
    expect(Math.abs(clock.now() - Date.now() + HOUR)).toBeLessThan(10_000);
    expect([moves, said.length]).toEqual([1, 2]);
    expect(said[1]).toContain(`moved by -${HOUR} ms`);
  });

  test('keeps its time when the file becomes unreadable, and does not start without a readable one', async () => {
    const quiet = { warn: () => undefined };
    expect(() => new MovedClock(file, quiet)).toThrow(ConfigError);
    await writeFile(file, 'tomorrow');
    expect(() => new MovedClock(file, quiet)).toThrow(/HOLDLINE_CLOCK_FILE/);
    await writeFile(file, '1000');
    const clock = new MovedClock(file, quiet);
    await writeFile(file, '');
    clock.look();
    await rm(file);
    clock.look();
    expect(clock.movedMs).toBe(1000);
  });
});
