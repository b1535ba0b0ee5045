import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { UsageRows } from '#contracts';
import { UsageJournal, type UsageBatch } from './usage-journal.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const warnings: string[] = [];
const open = (node: string) =>
  UsageJournal.open({
    directory,
    node,
    warn: (text) => void warnings.push(text),
    batchesPerFile: 3,
  });
const batch = (units: number): UsageBatch => ({
  rows: {
    keys: [{ app: 'a', key: 'k', meter: 'messages_delivered', hour: 0, units }],
    channels: [],
    tenants: [],
  },
  seen: [[units * 100, units]],
});
const unitsOf = (rows: readonly UsageRows[]) => rows.map(({ keys }) => keys[0]!.units);

async function readAll(journal: UsageJournal, node: string, after = 0, step = 2) {
  const units: number[] = [];
  for (let at = after; ;) {
    const part = await journal.read(node, at, step);
    units.push(...unitsOf(part.batches));
    at = part.through;
    if (part.isEnd) return { units, through: at };
  }
}

describe('the usage journal', () => {
  test('P6: gives back every batch once, in order, from any number on, over any files', async () => {
    const journal = await open('n1');
    for (let units = 1; units <= 10; units++) await journal.append(batch(units));
    for (let after = 0; after <= 10; after++) {
      const { units, through } = await readAll(journal, 'n1', after);
      expect(units).toEqual(Array.from({ length: 10 - after }, (_, i) => after + 1 + i));
      expect(through).toBe(10);
    }
    await journal.close();
  });

  test('P6: the next start reads what the one before left, and numbers its own anew', async () => {
    const first = await open('n1');
    for (const units of [1, 2, 3, 4]) await first.append(batch(units));
    await first.close();
    const second = await open('n2');
    await second.append(batch(9));
    expect(second.nodes).toEqual(expect.arrayContaining(['n1', 'n2']));
    expect((await readAll(second, 'n1')).units).toEqual([1, 2, 3, 4]);
    expect((await readAll(second, 'n2')).units).toEqual([9]);
    await second.close();
  });

  test('P6: a line that a crash cut off at any byte is left out, and nothing else', async () => {
    const journal = await open('n1');
    for (const units of [1, 2]) await journal.append(batch(units));
    await journal.close();
    const path = join(directory, 'n1.1.usage');
    const whole = await readFile(path, 'utf8');
    const end = whole.indexOf('\n') + 1;
    for (let cut = end; cut < whole.length; cut++) {
      await writeFile(path, whole.slice(0, cut));
      const { units } = await readAll(await open('n2'), 'n1');
      expect(units).toEqual(cut === whole.length - 1 ? [1, 2] : [1]);
    }
  });

  test('damage is told and never counted', async () => {
    const journal = await open('n1');
    for (const units of [1, 2, 3]) await journal.append(batch(units));
    await journal.close();
    const path = join(directory, 'n1.1.usage');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"units":2', '"units":7'));
    warnings.length = 0;
    expect((await readAll(await open('n2'), 'n1')).units).toEqual([1]);
    expect(warnings.join()).toContain('damaged');
  });

  test('what is stored elsewhere is deleted by whole files, the one that grows never', async () => {
    const journal = await open('n1');
    for (let units = 1; units <= 7; units++) await journal.append(batch(units));
    await journal.forget('n1', 4);
    expect((await readdir(directory)).sort()).toEqual(['n1.4.usage', 'n1.7.usage']);
    expect((await readAll(journal, 'n1', 4)).units).toEqual([5, 6, 7]);
    await journal.forget('n1', 7);
    expect(await readdir(directory)).toEqual(['n1.7.usage']);
    await journal.close();
    const next = await open('n2');
    await next.forget('n1', 7);
    expect(await readdir(directory)).toEqual([]);
    expect(next.nodes).toEqual(['n2']);
  });

  test('P6: what clients were handed with the last batches is known to the next start', async () => {
    const journal = await open('n1');
    for (const units of [1, 2, 3, 4, 5]) await journal.append(batch(units));
    await journal.close();
    const next = await open('n2');
    expect(await next.recentlySeen()).toEqual([1, 2, 3, 4, 5].map((n) => [n * 100, n]));
  });

  test('files of others are left alone', async () => {
    await appendFile(join(directory, 'notes.txt'), 'x');
    expect((await open('n1')).nodes).toEqual(['n1']);
  });
});
