import { describe, expect, test } from '@jest/globals';
import {
  ALL,
  appendOf,
  chainFault,
  entry,
  OTHER,
  publish,
  ROOM,
  stored,
  texts,
} from './harness.js';
import type { EngineHarness } from './harness.js';

const many = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

export function readRules(harness: () => EngineHarness): void {
  describe('read', () => {
    test('P4: goes on after any place, wherever in an append it lies', async () => {
      const { engine } = harness();
      const { epoch, entries: one } = await publish(engine, ROOM, many(3));
      await publish(engine, OTHER, ['x']);
      const { entries: two } = await publish(engine, ROOM, ['m3', 'm4']);
      const places = [0, ...one.map((e) => e.position), ...two.map((e) => e.position)];
      for (const [index, position] of places.entries()) {
        const result = await engine.read(ROOM, { epoch, position }, ALL);
        expect(result).toMatchObject({ status: 'ok', epoch, more: false });
        expect(texts(result.messages)).toEqual(many(5).slice(index));
        expect(chainFault(result.messages, position)).toBeNull();
      }
    });

    test('a channel that was never used is empty, and no fault', async () => {
      const { engine } = harness();
      const { epoch } = await engine.tail(ROOM);
      const empty = { status: 'ok', epoch, messages: [], more: false };
      expect(await engine.read(ROOM, null, ALL)).toEqual(empty);
      expect(await engine.read(ROOM, { epoch, position: 0 }, ALL)).toEqual(empty);
      expect(await engine.readBack(ROOM, null, ALL)).toEqual(empty);
    });

    test('P4: pages by count and by bytes tell whether there is more, and lose nothing', async () => {
      const { engine } = harness();
      const { epoch } = await publish(engine, ROOM, many(7));
      await publish(engine, ROOM, many(3));
      for (const limit of [
        { messages: 1, bytes: 1000 },
        { messages: 4, bytes: 1000 },
        { messages: 10, bytes: 1000 },
        { messages: 100, bytes: 5 },
        { messages: 100, bytes: 1 },
      ]) {
        const seen: string[] = [];
        let position = 0;
        let more = true;
        while (more) {
          const page = await engine.read(ROOM, { epoch, position }, limit);
          expect(page.messages.length).toBeGreaterThan(0);
          expect(page.messages.length).toBeLessThanOrEqual(limit.messages);
          seen.push(...texts(page.messages));
          position = page.messages.at(-1)!.position;
          more = page.more;
        }
        expect(seen).toEqual([...many(7), ...many(3)]);
      }
    });

    test('one message larger than the byte limit still goes alone', async () => {
      const { engine } = harness();
      await publish(engine, ROOM, ['a'.repeat(5000), 'b']);
      const page = await engine.read(ROOM, null, { messages: 10, bytes: 100 });
      expect(page).toMatchObject({ more: true });
      expect(page.messages).toHaveLength(1);
    });

    test('a place may be any position of the log: what follows it in the channel is read', async () => {
      const { engine } = harness();
      await publish(engine, ROOM, ['a']);
      const { epoch, entries } = await publish(engine, OTHER, ['x', 'y']);
      const place = { epoch, position: entries[1]!.position };
      expect(await engine.read(ROOM, place, ALL)).toMatchObject({ status: 'ok', messages: [] });
      await publish(engine, ROOM, ['b']);
      const result = await engine.read(ROOM, place, ALL);
      expect([result.status, texts(result.messages)]).toEqual(['ok', ['b']]);
    });

    test('P4: a place of another epoch, or ahead of the log, is told and read from the oldest kept', async () => {
      const { engine } = harness();
      const { epoch, entries } = await publish(engine, ROOM, ['a', 'b']);
      const { position } = entries[1]!;
      for (const place of [
        { epoch: 'another', position },
        { epoch, position: position + 1 },
      ]) {
        const result = await engine.read(ROOM, place, ALL);
        expect([result.status, result.epoch]).toEqual(['epoch_changed', epoch]);
        expect(texts(result.messages)).toEqual(['a', 'b']);
      }
    });

    test('P1: what is acknowledged can be read at once, and `tail` knows it', async () => {
      const { engine } = harness();
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const { epoch, entries } = await publish(engine, ROOM, [`m${i}`]);
          const { position } = entries[0]!;
          expect((await engine.tail(ROOM)).last).toBeGreaterThanOrEqual(position);
          const result = await engine.read(ROOM, { epoch, position: position - 1 }, ALL);
          expect(texts(result.messages)[0]).toBe(`m${i}`);
        }),
      );
    });
  });

  describe('readBack', () => {
    test('P2: is the same messages, newest first, paged before any position', async () => {
      const { engine } = harness();
      await publish(engine, ROOM, many(4));
      await publish(engine, OTHER, ['x']);
      await publish(engine, ROOM, ['m4', 'm5']);
      const forward = (await engine.read(ROOM, null, ALL)).messages;
      const seen = [];
      let before: number | null = null;
      let more = true;
      while (more) {
        const page = await engine.readBack(ROOM, before, { messages: 2, bytes: 1000 });
        seen.push(...page.messages);
        before = page.messages.at(-1)!.position;
        more = page.more;
      }
      expect(seen.map((m) => [m.position, m.previous])).toEqual(
        forward.map((m) => [m.position, m.previous]).reverse(),
      );
      const inside = await engine.readBack(ROOM, forward[2]!.position, ALL);
      expect(texts(inside.messages)).toEqual(['m1', 'm0']);
    });
  });

  describe('tail', () => {
    test('is the last position, kept or not; 0 before the first message', async () => {
      const { engine, clock } = harness();
      expect((await engine.tail(ROOM)).last).toBe(0);
      const { epoch, entries } = await publish(engine, ROOM, ['a', 'b'], {
        seconds: 1,
        messages: null,
      });
      clock.advance(2000);
      expect(await engine.tail(ROOM)).toEqual({ epoch, last: entries[1]!.position });
    });
  });

  describe('positionBefore', () => {
    test('splits the log: older messages at or before it, the others after it', async () => {
      const { engine, clock } = harness();
      const start = clock.now();
      const messages = [];
      for (let i = 0; i < 20; i++) {
        const result = await publish(engine, i % 3 ? ROOM : OTHER, [`a${i}`, `b${i}`]);
        messages.push(...result.entries);
        clock.advance(i % 4 === 0 ? 0 : 100);
      }
      for (let time = start - 50; time <= clock.now() + 50; time += 25) {
        const split = await engine.positionBefore(time);
        for (const { position, timestamp } of messages) {
          expect([time, position > split]).toEqual([time, timestamp >= time]);
        }
      }
    });

    test('of an empty log is 0', async () => {
      const { engine, clock } = harness();
      expect(await engine.positionBefore(clock.now())).toBe(0);
    });
  });

  test('an append that could not be stored leaves no trace in any read', async () => {
    const { engine } = harness();
    stored(await engine.append(appendOf(ROOM, [entry('a')])));
    await engine.append(appendOf(ROOM, [entry('b', { ifPosition: 999_999 })]));
    const { messages } = await engine.read(ROOM, null, ALL);
    expect(texts(messages)).toEqual(['a']);
    expect((await engine.tail(ROOM)).last).toBe(messages[0]!.position);
  });
}
