import { describe, expect, test } from '@jest/globals';
import type { JournalLine } from '../port.js';
import { appendOf, DAY, entry, OTHER, publish, ROOM, stored } from './harness.js';
import type { EngineHarness } from './harness.js';

export function journalRules(harness: () => EngineHarness): void {
  /** Everything after a position, in reads of a few lines. */
  const readAll = async (after: number, step: number) => {
    const lines: JournalLine[] = [];
    for (let at = after; ;) {
      const read = await harness().engine.journal(at, step);
      lines.push(...read.lines);
      if (read.through === at) return { lines, through: at, completeTo: read.completeTo };
      at = read.through;
    }
  };

  describe('journal', () => {
    test('P6: every stored message is counted in one line, with its channel, label, bytes and time', async () => {
      const { engine, clock } = harness();
      const labelled = (label: string, texts: readonly string[]) =>
        engine.append({
          ...appendOf(
            ROOM,
            texts.map((text) => entry(text)),
          ),
          label,
        });
      const results = await Promise.all([
        labelled('k1', ['a', 'bb']),
        labelled('k2', ['ccc']),
        labelled('k1', ['d']),
        publish(engine, OTHER, ['e']),
      ]);
      const before = clock.now();
      const { lines, through } = await readAll(0, 1);
      const sum = (match: Partial<JournalLine>, what: 'messages' | 'bytes') =>
        lines
          .filter((line) => line.label === match.label && line.channel.name === match.channel!.name)
          .reduce((total, line) => total + line[what], 0);
      expect(sum({ label: 'k1', channel: ROOM }, 'messages')).toBe(3);
      expect(sum({ label: 'k1', channel: ROOM }, 'bytes')).toBe(4);
      expect(sum({ label: 'k2', channel: ROOM }, 'messages')).toBe(1);
      expect(sum({ label: '', channel: OTHER }, 'messages')).toBe(1);
      const positions = results.flatMap((result) =>
        stored(result).entries.map(({ position }) => position),
      );
      expect(through).toBe(Math.max(...positions));
      expect(lines.map(({ first }) => first)).toEqual(
        lines.map(({ first }) => first).sort((a, b) => a - b),
      );
      for (const line of lines) {
        expect(line.timestamp).toBeLessThanOrEqual(before);
        expect(line.keptUntil).toBe(line.timestamp + DAY.seconds * 1000);
      }
    });

    test('what is read from any `through` on is what has been stored since, once', async () => {
      const { engine } = harness();
      await publish(engine, ROOM, ['a', 'b']);
      const first = await readAll(0, 100);
      expect((await engine.journal(first.through, 100)).lines).toEqual([]);
      await publish(engine, OTHER, ['c']);
      const second = await readAll(first.through, 100);
      expect(second.lines.map(({ channel, messages }) => [channel.name, messages])).toEqual([
        [OTHER.name, 1],
      ]);
    });

    test('a repeated id and a refused append leave no line', async () => {
      const { engine } = harness();
      const once = entry('a', { idempotent: true });
      await engine.append(appendOf(ROOM, [once]));
      const { through } = await readAll(0, 100);
      await engine.append(appendOf(ROOM, [once]));
      await engine.append(appendOf(ROOM, [entry('no', { ifPosition: 0 })]));
      expect((await readAll(through, 100)).lines).toEqual([]);
    });

    test('with nothing on its way it is complete up to now; a part of it does not claim to be', async () => {
      const { engine, clock } = harness();
      for (const text of ['a', 'b', 'c']) await publish(engine, ROOM, [text]);
      clock.advance(1000);
      expect((await engine.journal(0, 1)).completeTo).toBeNull();
      expect((await engine.journal(0, 100)).completeTo).toBe(clock.now());
    });
  });

  describe('stored bytes', () => {
    test('are those of all messages kept, by app and label', async () => {
      const { engine } = harness();
      const bytesOf = async (label: string) =>
        (await engine.stored())
          .filter((one) => one.label === label)
          .reduce((sum, { bytes }) => sum + bytes, 0);
      await engine.append({ ...appendOf(ROOM, [entry('aaa'), entry('bb')]), label: 'k1' });
      await engine.append({ ...appendOf(OTHER, [entry('c')]), label: 'k1' });
      await engine.append({ ...appendOf(ROOM, [entry('dddd')]), label: 'k2' });
      expect(await bytesOf('k1')).toBe(6);
      expect(await bytesOf('k2')).toBe(4);
      expect(new Set((await engine.stored()).map(({ app }) => app))).toEqual(new Set([ROOM.app]));
    });
  });

  describe('counters', () => {
    test('P6: grow by what is stored: not by repeated ids, not by refused appends', async () => {
      const { engine } = harness();
      const counters = ['ten:2026-01', 'all'];
      const known = entry('x', { idempotent: true });
      await Promise.all([
        engine.append({ ...appendOf(ROOM, [known, entry('y')]), counters }),
        engine.append({ ...appendOf(ROOM, [known, entry('z')]), counters }),
        engine.append({ ...appendOf(OTHER, [entry('o')]), counters: ['all'] }),
      ]);
      await engine.append({ ...appendOf(ROOM, [entry('no', { ifPosition: 0 })]), counters });
      expect(await engine.counted('ten:2026-01')).toBe(3);
      expect(await engine.counted('all')).toBe(4);
      expect(await engine.counted('unknown')).toBe(0);
    });
  });
}
