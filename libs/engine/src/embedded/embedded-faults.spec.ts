import { afterEach, describe, expect, test } from '@jest/globals';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ALL,
  appendOf,
  chainFault,
  entry,
  OTHER,
  publish,
  ROOM,
  texts,
} from '../conformance/harness.js';
import { EmbeddedHarness } from './embedded-harness.js';
import type { EmbeddedEngineOptions } from './options.js';

let harness: EmbeddedHarness;
const begin = async (more: Partial<EmbeddedEngineOptions> = {}) =>
  (harness = await EmbeddedHarness.start(more));
afterEach(() => harness.stop());

const dataFile = () => join(harness.directory, 'log', 'data.mdb');

/** Changes one byte of the payload wherever it lies in the file: LMDB leaves old copies of pages. */
async function damage(payload: string): Promise<void> {
  const bytes = await readFile(dataFile());
  let found = 0;
  for (let at = bytes.indexOf(payload); at >= 0; at = bytes.indexOf(payload, at)) {
    bytes[at]! ^= 1;
    found++;
  }
  expect(found).toBeGreaterThan(0);
  await writeFile(dataFile(), bytes);
}

/** A disk that fails when told to. */
function faultyDisk() {
  const disk = {
    error: null as Error | null,
    beforeCommit: async () => {
      if (disk.error) throw disk.error;
    },
  };
  return disk;
}

describe('EmbeddedEngine on a disk that fails', () => {
  test('P1: a failed write freezes publishing, is never acknowledged, and turns health red', async () => {
    const disk = faultyDisk();
    const { engine } = await begin({ beforeCommit: disk.beforeCommit });
    await publish(engine, ROOM, ['kept']);
    disk.error = Object.assign(new Error('i/o error'), { code: 5 });
    const inFlight = engine.append(appendOf(ROOM, [entry('lost')]));
    expect(await inFlight).toEqual({ ok: false, kind: 'indefinite', code: 'disk' });
    disk.error = null;
    const refused = { ok: false, kind: 'definite', code: 'frozen' };
    expect(await engine.append(appendOf(ROOM, [entry('refused')]))).toEqual(refused);
    await expect(engine.purge(ROOM)).rejects.toThrow(/restart/);
    expect(engine.health()).toMatchObject({ ok: false });
    expect(engine.health().fault).toMatch(/i\/o error.*restart/i);
    expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['kept']);
    const again = await harness.restart();
    await publish(again, ROOM, ['after']);
    const { messages } = await again.read(ROOM, null, ALL);
    expect(texts(messages)).toEqual(['kept', 'after']);
    expect(chainFault(messages, 0)).toBeNull();
    expect(again.health()).toEqual({ ok: true });
  });

  test('P8: those behind a failed write are refused for certain, duplicates and conflicts with them', async () => {
    const disk = faultyDisk();
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    let entered = () => {};
    const begun = new Promise<void>((resolve) => (entered = resolve));
    const { engine } = await begin({
      beforeCommit: async () => {
        entered();
        await gate;
        await disk.beforeCommit();
      },
    });
    disk.error = new Error('broken');
    const known = (id: string) => entry(id, { id, idempotent: true });
    const first = engine.append(appendOf(ROOM, [known('x')]));
    await begun;
    const behind = engine.append(appendOf(ROOM, [known('y')]));
    const sameAsFirst = engine.append(appendOf(ROOM, [known('x')]));
    const sameAsBehind = engine.append(appendOf(ROOM, [known('y')]));
    const conflict = engine.append(appendOf(ROOM, [entry('z', { ifPosition: 0 })]));
    const purge = engine.purge(ROOM).then(
      () => 'purged',
      () => 'refused',
    );
    release();
    const kinds = await Promise.all([first, behind, sameAsFirst, sameAsBehind, conflict]);
    expect(kinds.map((result) => !result.ok && `${result.kind} ${result.code}`)).toEqual([
      'indefinite disk',
      'definite frozen',
      'indefinite disk',
      'definite frozen',
      'definite frozen',
    ]);
    expect(await purge).toBe('refused');
    expect((await engine.tail(ROOM)).last).toBe(0);
  });

  test('P8: a full disk refuses with storage_full and heals when a write goes through', async () => {
    const disk = faultyDisk();
    const { engine } = await begin({ beforeCommit: disk.beforeCommit });
    const known = (id: string) => entry(id, { id, idempotent: true });
    await publish(engine, ROOM, ['a']);
    disk.error = Object.assign(new Error('No space left on device'), { code: 28 });
    expect(await engine.append(appendOf(ROOM, [known('b')]))).toMatchObject({ kind: 'indefinite' });
    const refused = { ok: false, kind: 'definite', code: 'storage_full' };
    expect(await engine.append(appendOf(ROOM, [known('c')]))).toEqual(refused);
    await engine.maintain();
    expect(await engine.append(appendOf(ROOM, [known('c')]))).toEqual(refused);
    expect(engine.health().fault).toMatch(/full.*Free some space/);
    disk.error = null;
    await engine.maintain();
    expect(engine.health()).toEqual({ ok: true });
    const retried = await engine.append(appendOf(ROOM, [known('b')]));
    expect(retried).toMatchObject({ ok: true, entries: [{ duplicate: false }] });
    const { messages } = await engine.read(ROOM, null, ALL);
    expect(texts(messages)).toEqual(['a', 'b']);
    expect(chainFault(messages, 0)).toBeNull();
  });

  test('P8: below the floor nothing is stored, purging still works, and room is noticed', async () => {
    let free = 1000;
    const { engine } = await begin({ floorBytes: 500, freeBytes: async () => free });
    const { entries } = await publish(engine, ROOM, ['a']);
    free = 499;
    await engine.maintain();
    const refused = { ok: false, kind: 'definite', code: 'storage_full' };
    expect(await engine.append(appendOf(ROOM, [entry('b')]))).toEqual(refused);
    expect(engine.health().fault).toMatch(/499 bytes.*500/);
    expect((await engine.tail(ROOM)).last).toBe(entries[0]!.position);
    await engine.purge(ROOM);
    free = 500;
    await engine.maintain();
    expect(engine.health()).toEqual({ ok: true });
    await publish(engine, ROOM, ['c']);
    expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['c']);
  });

  test('P8: a burst that eats the room up is noticed between two rounds of upkeep', async () => {
    let free = 10_000_000;
    const { engine } = await begin({ floorBytes: 1_000_000, freeBytes: async () => free });
    free = 0;
    const big = 'x'.repeat(1_000_000);
    const results = [];
    for (let i = 0; i < 10; i++) results.push(await engine.append(appendOf(ROOM, [entry(big)])));
    expect(results.at(-1)).toEqual({ ok: false, kind: 'definite', code: 'storage_full' });
  });
});

describe('EmbeddedEngine on a log that was damaged', () => {
  test('P4: a damaged block is never handed out: what stands around it is, and readers are told', async () => {
    const { engine } = await begin();
    const { epoch } = await publish(engine, ROOM, ['first']);
    await publish(engine, ROOM, ['damaged-one', 'damaged-two']);
    await publish(engine, ROOM, ['third']);
    await publish(engine, OTHER, ['whole']);
    const again = await harness.restart(() => damage('damaged-two'));
    const start = await again.read(ROOM, { epoch, position: 0 }, ALL);
    expect([start.status, texts(start.messages), start.more]).toEqual(['ok', ['first'], true]);
    const place = { epoch, position: start.messages[0]!.position };
    const told = await again.read(ROOM, place, ALL);
    expect([told.status, texts(told.messages)]).toEqual(['epoch_changed', ['third']]);
    const on = await again.read(ROOM, { epoch, position: told.messages[0]!.position }, ALL);
    expect(on).toMatchObject({ status: 'ok', messages: [], more: false });
    const back = await again.readBack(ROOM, null, ALL);
    expect([back.status, texts(back.messages)]).toEqual(['epoch_changed', ['third', 'first']]);
    expect(again.health()).toMatchObject({ ok: false });
    expect(again.health().fault).toMatch(/1 damaged block/);
    expect(harness.errors).toHaveLength(1);
    expect((await again.read(OTHER, { epoch, position: 0 }, ALL)).status).toBe('ok');
  });

  test('P2: when the newest block is the damaged one, positions and the chain still go on beyond it', async () => {
    const { engine } = await begin();
    const { entries } = await publish(engine, ROOM, ['first', 'damaged']);
    const again = await harness.restart(() => damage('damaged'));
    const { last } = await again.tail(ROOM);
    expect(last).toBe(entries[1]!.position);
    await publish(again, ROOM, ['next']);
    const { messages } = await again.read(ROOM, null, ALL);
    expect([texts(messages), messages[0]!.previous]).toEqual([['next'], last]);
  });

  const unreadable: [string, () => Promise<void>][] = [
    ['overwritten', async () => writeFile(dataFile(), Buffer.alloc(100_000, 0x41))],
    ['cut to a stump', () => truncate(dataFile(), 5000)],
    ['gone', () => rm(join(harness.directory, 'log'), { recursive: true })],
  ];
  test.each(unreadable)(
    'P4: a log that was %s starts anew under a new epoch, beyond its mark, and readers are told',
    async (_, ruin) => {
      const { engine } = await begin();
      const { epoch, entries } = await publish(engine, ROOM, ['a', 'b']);
      const place = { epoch, position: entries[0]!.position };
      const again = await harness.restart(ruin);
      const result = await again.read(ROOM, place, ALL);
      expect(result).toMatchObject({ status: 'epoch_changed', messages: [] });
      expect(result.epoch).not.toBe(epoch);
      const next = await publish(again, ROOM, ['c']);
      expect(next.entries[0]!.position).toBeGreaterThan(entries[1]!.position);
      const once = await harness.restart();
      expect((await once.tail(ROOM)).epoch).toBe(result.epoch);
    },
  );

  test('a log that cannot be read is set aside for rescue, not deleted', async () => {
    const { engine } = await begin();
    await publish(engine, ROOM, ['a']);
    await harness.restart(() => writeFile(dataFile(), Buffer.alloc(100_000, 0x41)));
    const names = await readdir(harness.directory);
    expect(names.filter((name) => name.startsWith('log.damaged-'))).toHaveLength(1);
    expect(harness.errors.join()).toMatch(/set aside/);
  });

  test('P4: a log whose tail is cut off does not end the process', async () => {
    const { engine } = await begin();
    for (let i = 0; i < 40; i++) await publish(engine, ROOM, [`${i}`.padEnd(20_000, 'x')]);
    const { size } = await readFile(dataFile()).then(({ length }) => ({ size: length }));
    const cut = await harness
      .restart(() => truncate(dataFile(), size / 2))
      .then(
        (again) => again.read(ROOM, null, ALL),
        (error: Error) => error,
      );
    // Whatever was lost shows: an error, a new log, or messages missing with readers told.
    if (!(cut instanceof Error)) expect(cut.messages.length).toBeLessThan(40);
  });

  const stale = [
    ['behind its mark', { position: 1000 }],
    ['of another epoch than its mark', { epoch: 'another' }],
  ] as const;
  test.each(stale)('P4: a log %s gets a new epoch, and what it has is read', async (_, change) => {
    const { engine } = await begin();
    const { epoch, entries } = await publish(engine, ROOM, ['a', 'b']);
    const file = join(harness.directory, 'mark.json');
    const again = await harness.restart(async () => {
      const mark = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...mark, ...change }));
    });
    const result = await again.read(ROOM, { epoch, position: entries[1]!.position }, ALL);
    expect([result.status, texts(result.messages)]).toEqual(['epoch_changed', ['a', 'b']]);
    const next = await publish(again, ROOM, ['c']);
    const floor = 'position' in change ? change.position : entries[1]!.position;
    expect(next.entries[0]!.position).toBeGreaterThan(floor);
    const { messages } = await again.read(ROOM, null, ALL);
    expect(chainFault(messages, 0)).toBeNull();
  });

  test('P4: a log without its mark was restored: a new epoch, once', async () => {
    const { engine } = await begin();
    const { epoch } = await publish(engine, ROOM, ['a']);
    const again = await harness.restart(() => rm(join(harness.directory, 'mark.json')));
    const changed = (await again.tail(ROOM)).epoch;
    expect(changed).not.toBe(epoch);
    const once = await harness.restart();
    expect((await once.tail(ROOM)).epoch).toBe(changed);
  });
});
