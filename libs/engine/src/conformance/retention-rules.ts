import { describe, expect, test } from '@jest/globals';
import { ALL, appendOf, chainFault, DAY, entry, publish, ROOM, stored, texts } from './harness.js';
import type { EngineHarness } from './harness.js';

const seconds = (age: number) => ({ seconds: age, messages: null });

export function retentionRules(harness: () => EngineHarness): void {
  describe('retention', () => {
    test('P4: by age: gone to the millisecond, and the reader is told how many', async () => {
      const { engine, clock } = harness();
      const { epoch, entries } = await publish(engine, ROOM, ['a', 'b'], seconds(60));
      clock.advance(30_000);
      await publish(engine, ROOM, ['c'], seconds(60));
      clock.advance(29_999);
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['a', 'b', 'c']);
      clock.advance(1);
      const after = (position: number) => engine.read(ROOM, { epoch, position }, ALL);
      for (const [position, missing] of [
        [0, 2],
        [entries[0]!.position, 1],
      ] as const) {
        const result = await after(position);
        expect([result.status, texts(result.messages)]).toEqual(['truncated', ['c']]);
        expect(result.missing ?? missing).toBe(missing);
        expect(result.messages[0]!.previous).toBe(entries[1]!.position);
      }
      const none = await after(entries[1]!.position);
      expect([none.status, texts(none.messages)]).toEqual(['ok', ['c']]);
      expect(texts((await engine.readBack(ROOM, null, ALL)).messages)).toEqual(['c']);
    });

    test('P4: when all is gone the reader is still told', async () => {
      const { engine, clock } = harness();
      const { epoch } = await publish(engine, ROOM, ['a', 'b', 'c'], seconds(1));
      clock.advance(1000);
      const result = await engine.read(ROOM, { epoch, position: 0 }, ALL);
      expect(result).toMatchObject({ status: 'truncated', messages: [], more: false });
      expect(result.missing ?? 3).toBe(3);
    });

    test('P4: by count: the last N of the channel, under the newest policy', async () => {
      const { engine } = harness();
      const three = { seconds: 3600, messages: 3 };
      const { epoch, entries } = await publish(engine, ROOM, ['a', 'b', 'c', 'd'], three);
      await publish(engine, ROOM, ['e'], three);
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['c', 'd', 'e']);
      expect(texts((await engine.readBack(ROOM, null, ALL)).messages)).toEqual(['e', 'd', 'c']);
      const lost = await engine.read(ROOM, { epoch, position: entries[0]!.position }, ALL);
      expect(lost.status).toBe('truncated');
      expect(lost.missing ?? 1).toBe(1);
      await publish(engine, ROOM, ['f'], { seconds: 3600, messages: 1 });
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['f']);
    });

    test('the chain and the positions go on after everything is gone', async () => {
      const { engine, clock } = harness();
      const { entries } = await publish(engine, ROOM, ['a', 'b'], seconds(1));
      clock.advance(5000);
      await publish(engine, ROOM, ['c']);
      const { messages } = await engine.read(ROOM, null, ALL);
      expect(chainFault(messages, entries[1]!.position)).toBeNull();
    });

    test('a ttl of its own hides one message, and the chain shows the hole', async () => {
      const { engine, clock } = harness();
      const items = [entry('a'), entry('b', { ttl: 5 }), entry('c')];
      const { epoch, entries } = stored(await engine.append(appendOf(ROOM, items)));
      clock.advance(4999);
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['a', 'b', 'c']);
      clock.advance(1);
      const result = await engine.read(ROOM, { epoch, position: 0 }, ALL);
      expect([result.status, texts(result.messages)]).toEqual(['ok', ['a', 'c']]);
      expect(result.messages[1]!.previous).toBe(entries[1]!.position);
      expect(texts((await engine.readBack(ROOM, null, ALL)).messages)).toEqual(['c', 'a']);
    });

    test('a ttl longer than the retention changes nothing', async () => {
      const { engine, clock } = harness();
      stored(await engine.append(appendOf(ROOM, [entry('a', { ttl: 100 })], seconds(10))));
      clock.advance(10_000);
      expect((await engine.read(ROOM, null, ALL)).messages).toEqual([]);
    });

    test('each message keeps the age it was published under', async () => {
      const { engine, clock } = harness();
      await publish(engine, ROOM, ['short'], seconds(10));
      await publish(engine, ROOM, ['long'], seconds(100));
      await publish(engine, ROOM, ['short too'], seconds(10));
      clock.advance(10_000);
      expect(texts((await engine.read(ROOM, null, ALL)).messages)).toEqual(['long']);
    });
  });

  describe('purge', () => {
    test('P4: nothing that was there can be read again, and readers behind are told', async () => {
      const { engine } = harness();
      const { epoch, entries } = await publish(engine, ROOM, ['a', 'b']);
      await engine.purge(ROOM);
      expect((await engine.read(ROOM, null, ALL)).messages).toEqual([]);
      expect((await engine.readBack(ROOM, null, ALL)).messages).toEqual([]);
      const last = entries[1]!.position;
      expect((await engine.tail(ROOM)).last).toBe(last);
      const behind = await engine.read(ROOM, { epoch, position: entries[0]!.position }, ALL);
      expect(behind.status).toBe('truncated');
      const atEnd = await engine.read(ROOM, { epoch, position: last }, ALL);
      expect(atEnd.status).toBe('ok');
    });

    test('takes what was accepted before it, and leaves what comes after', async () => {
      const { engine } = harness();
      const before = publish(engine, ROOM, ['a']);
      const purged = engine.purge(ROOM);
      const after = publish(engine, ROOM, ['b'], DAY);
      const [first] = await Promise.all([before, purged, after]);
      const { messages } = await engine.read(ROOM, null, ALL);
      expect(texts(messages)).toEqual(['b']);
      expect(chainFault(messages, first.entries[0]!.position)).toBeNull();
    });

    test('of a channel that was never used is no fault', async () => {
      const { engine } = harness();
      await engine.purge(ROOM);
      expect((await engine.tail(ROOM)).last).toBe(0);
    });
  });
}
