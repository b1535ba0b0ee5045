import { describe, expect, test } from '@jest/globals';
import {
  ALL,
  appendOf,
  chainFault,
  DAY,
  entry,
  OTHER,
  publish,
  ROOM,
  stored,
  texts,
} from './harness.js';
import type { EngineHarness } from './harness.js';

export function appendRules(harness: () => EngineHarness): void {
  describe('append', () => {
    test('P2: positions grow along a channel and `previous` chains them, in the order of the calls', async () => {
      const { engine } = harness();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          publish(engine, i % 2 ? OTHER : ROOM, [`a${i}`, `b${i}`]),
        ),
      );
      for (const ref of [ROOM, OTHER]) {
        const { messages } = await engine.read(ref, null, ALL);
        const expected = results.flatMap((_, i) =>
          (i % 2 ? OTHER : ROOM) === ref ? [`a${i}`, `b${i}`] : [],
        );
        expect(texts(messages)).toEqual(expected);
        expect(chainFault(messages, 0)).toBeNull();
      }
      const all = results.flatMap((result) => result.entries.map((item) => item.position));
      expect(new Set(all).size).toBe(100);
    });

    test('the answer names the epoch and the very positions and times that readers see', async () => {
      const { engine, clock } = harness();
      const first = await publish(engine, ROOM, ['a', 'b']);
      clock.advance(5);
      const second = await publish(engine, ROOM, ['c']);
      const { messages, epoch } = await engine.read(ROOM, null, ALL);
      expect(first.epoch).toBe(epoch);
      expect(
        messages.map(({ position, timestamp }) => ({ position, timestamp, duplicate: false })),
      ).toEqual([...first.entries, ...second.entries]);
      expect(second.entries[0]!.timestamp - first.entries[0]!.timestamp).toBe(5);
      expect(messages[0]!.channel).toEqual(ROOM);
    });

    test('timestamps never go back, though the clock does', async () => {
      const { engine, clock } = harness();
      const first = await publish(engine, ROOM, ['a']);
      clock.advance(-60_000);
      const second = await publish(engine, OTHER, ['b']);
      expect(second.entries[0]!.timestamp).toBeGreaterThanOrEqual(first.entries[0]!.timestamp);
    });

    test('payloads come back byte for byte: empty, binary, and a megabyte', async () => {
      const { engine } = harness();
      const big = Buffer.alloc(1024 * 1024, 0xa5);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const payloads = [Buffer.alloc(0), bytes, big];
      const entries = payloads.map((payload) => ({ ...entry(''), payload }));
      stored(await engine.append(appendOf(ROOM, entries)));
      const { messages } = await engine.read(ROOM, null, ALL);
      expect(messages.map((message) => Buffer.compare(message.payload, payloads.shift()!))).toEqual(
        [0, 0, 0],
      );
    });

    test('P5: the same name in another app, and names that look alike, are other channels', async () => {
      const { engine } = harness();
      const refs = [
        { app: 'a', name: 'b' },
        { app: 'ab', name: '' },
        { app: 'a', name: 'B' },
        { app: 'b', name: 'b' },
        { app: 'a', name: 'bé' },
      ];
      for (const ref of refs) await publish(engine, ref, [`${ref.app}/${ref.name}`]);
      for (const ref of refs) {
        const { messages } = await engine.read(ref, null, ALL);
        expect(texts(messages)).toEqual([`${ref.app}/${ref.name}`]);
      }
    });

    test('a thousand entries are one append, with nothing in between in their channel', async () => {
      const { engine } = harness();
      const many = Array.from({ length: 1000 }, (_, i) => `m${i}`);
      const [whole] = await Promise.all([
        publish(engine, ROOM, many),
        publish(engine, ROOM, ['after']),
      ]);
      const { messages } = await engine.read(ROOM, null, ALL);
      expect(texts(messages)).toEqual([...many, 'after']);
      expect(whole.entries).toHaveLength(1000);
    });
  });

  describe('idempotent ids', () => {
    const known = (id: string, text = id) => entry(text, { id, idempotent: true });

    test('P3: the same id again stores nothing and answers as the first time', async () => {
      const { engine, clock } = harness();
      const first = stored(await engine.append(appendOf(ROOM, [known('x')])));
      clock.advance(1000);
      const again = stored(await engine.append(appendOf(ROOM, [known('x', 'other')])));
      expect(again.entries).toEqual([{ ...first.entries[0], duplicate: true }]);
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['x']);
    });

    test('P3: it is found in the same append, and among appends on their way', async () => {
      const { engine } = harness();
      const [one, two] = await Promise.all([
        engine.append(appendOf(ROOM, [known('x'), known('y'), known('x')])),
        engine.append(appendOf(ROOM, [known('y'), known('z')])),
      ]);
      const [x, y, x2] = stored(one).entries;
      const [y2, z] = stored(two).entries;
      expect([x!.duplicate, y!.duplicate, x2!.duplicate, y2!.duplicate, z!.duplicate]).toEqual([
        false,
        false,
        true,
        true,
        false,
      ]);
      expect(x2).toEqual({ ...x, duplicate: true });
      expect(y2).toEqual({ ...y, duplicate: true });
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['x', 'y', 'z']);
    });

    test('P3: an append whose ids are all on their way is answered when they are stored', async () => {
      const { engine } = harness();
      const [one, two] = await Promise.all([
        engine.append(appendOf(ROOM, [known('x')])),
        engine.append(appendOf(ROOM, [known('x')])),
      ]);
      expect(stored(two).entries).toEqual([{ ...stored(one).entries[0], duplicate: true }]);
    });

    test('a mixed array stores only its new ones', async () => {
      const { engine } = harness();
      await engine.append(appendOf(ROOM, [known('x')]));
      const mixed = stored(
        await engine.append(appendOf(ROOM, [known('n1'), known('x'), known('n2')])),
      );
      expect(mixed.entries.map((item) => item.duplicate)).toEqual([false, true, false]);
      const { messages } = await engine.read(ROOM, null, ALL);
      expect(texts(messages)).toEqual(['x', 'n1', 'n2']);
      expect(chainFault(messages, 0)).toBeNull();
    });

    test('an id is remembered for 24 hours though its message is long gone', async () => {
      const { engine, clock } = harness();
      const short = { seconds: 10, messages: null };
      const first = stored(await engine.append(appendOf(ROOM, [known('x')], short)));
      clock.advance(86_399_000);
      const again = stored(await engine.append(appendOf(ROOM, [known('x')], short)));
      expect(again.entries).toEqual([{ ...first.entries[0], duplicate: true }]);
    });

    test('ids belong to their channel, and count only for those who ask', async () => {
      const { engine } = harness();
      await engine.append(appendOf(ROOM, [known('x')]));
      const elsewhere = stored(await engine.append(appendOf(OTHER, [known('x')])));
      const plain = stored(await engine.append(appendOf(ROOM, [entry('again', { id: 'x' })])));
      expect([elsewhere, plain].map((result) => result.entries[0]!.duplicate)).toEqual([
        false,
        false,
      ]);
    });

    test('long ids are told apart to their last letter', async () => {
      const { engine } = harness();
      const long = 'é'.repeat(300);
      const results = [];
      for (const id of [`${long}1`, `${long}2`, `${long}1`]) {
        results.push(
          stored(await engine.append(appendOf(ROOM, [known(id)]))).entries[0]!.duplicate,
        );
      }
      expect(results).toEqual([false, false, true]);
    });
  });

  describe('ifPosition', () => {
    test('stores only when the last position is the one named; 0 means never used', async () => {
      const { engine } = harness();
      const first = stored(await engine.append(appendOf(ROOM, [entry('a', { ifPosition: 0 })])));
      const { position } = first.entries[0]!;
      const refused = await engine.append(appendOf(ROOM, [entry('no', { ifPosition: 0 })]));
      expect(refused).toEqual({ ok: false, kind: 'definite', code: 'position_conflict', position });
      stored(await engine.append(appendOf(ROOM, [entry('b', { ifPosition: position })])));
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['a', 'b']);
    });

    test('of many who name the same position exactly one succeeds', async () => {
      const { engine } = harness();
      const { entries } = await publish(engine, ROOM, ['a']);
      const ifPosition = entries[0]!.position;
      const results = await Promise.all(
        Array.from({ length: 10 }, () =>
          engine.append(appendOf(ROOM, [entry('b', { ifPosition })])),
        ),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      const winner = stored(results.find((result) => result.ok)!).entries[0]!.position;
      for (const result of results)
        if (!result.ok) expect(result).toMatchObject({ position: winner });
    });

    test('P8: a conflict in an array stores none of it', async () => {
      const { engine } = harness();
      await publish(engine, ROOM, ['a']);
      const refused = await engine.append(
        appendOf(ROOM, [entry('b'), entry('c', { ifPosition: 0 }), entry('d')]),
      );
      expect(refused.ok).toBe(false);
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['a']);
    });

    test('the id is asked first: a repeat is no conflict', async () => {
      const { engine } = harness();
      const once = entry('a', { idempotent: true, ifPosition: 0 });
      const first = stored(await engine.append(appendOf(ROOM, [once])));
      const again = stored(await engine.append(appendOf(ROOM, [once], DAY)));
      expect(again.entries).toEqual([{ ...first.entries[0], duplicate: true }]);
    });
  });
}
