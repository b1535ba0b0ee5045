import { describe, expect, test } from '@jest/globals';
import type { Stored } from '../port.js';
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

export function liveRules(harness: () => EngineHarness): void {
  describe('subscribe', () => {
    test('P2: hears every message of its channel, in order, whole, and of no other', async () => {
      const { engine } = harness();
      const heard: Stored[] = [];
      const live = engine.subscribe(ROOM, (messages) => heard.push(...messages));
      await live.ready;
      expect(live.isReady).toBe(true);
      await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          publish(engine, i % 3 ? ROOM : OTHER, [`a${i}`, `b${i}`]),
        ),
      );
      await publish(engine, ROOM, ['end']);
      const { messages } = await engine.read(ROOM, null, ALL);
      expect(texts(heard)).toEqual(texts(messages));
      expect(chainFault(heard, 0)).toBeNull();
      expect(heard.map((m) => m.timestamp)).toEqual(messages.map((m) => m.timestamp));
      expect(heard[0]!.channel).toEqual(ROOM);
    });

    test('P1: what is heard can be read, and is heard before it is acknowledged', async () => {
      const { engine } = harness();
      const reads: Promise<unknown>[] = [];
      let heard = 0;
      const live = engine.subscribe(ROOM, (messages) => {
        heard += messages.length;
        const { position } = messages.at(-1)!;
        reads.push(
          (async () => {
            expect((await engine.tail(ROOM)).last).toBeGreaterThanOrEqual(position);
            const result = await engine.read(ROOM, null, ALL);
            expect(result.messages.map((m) => m.position)).toContain(position);
          })(),
        );
      });
      await live.ready;
      await publish(engine, ROOM, ['a', 'b']);
      expect(heard).toBe(2);
      await publish(engine, ROOM, ['c']);
      expect(heard).toBe(3);
      await Promise.all(reads);
      expect(reads.length).toBeGreaterThan(0);
    });

    test('duplicates and refusals are not heard', async () => {
      const { engine } = harness();
      const heard: Stored[] = [];
      const live = engine.subscribe(ROOM, (messages) => heard.push(...messages));
      await live.ready;
      const once = entry('a', { idempotent: true });
      stored(await engine.append(appendOf(ROOM, [once])));
      stored(await engine.append(appendOf(ROOM, [once, entry('b')])));
      await engine.append(appendOf(ROOM, [entry('no', { ifPosition: 0 })]));
      await publish(engine, ROOM, ['c']);
      expect(texts(heard)).toEqual(['a', 'b', 'c']);
    });

    test('each subscription is its own: closing one leaves the others', async () => {
      const { engine } = harness();
      const heard: string[] = [];
      const listener = (messages: readonly Stored[]) => void heard.push(...texts(messages));
      const [one, two] = [engine.subscribe(ROOM, listener), engine.subscribe(ROOM, listener)];
      await Promise.all([one.ready, two.ready]);
      await publish(engine, ROOM, ['a']);
      expect(heard).toEqual(['a', 'a']);
      one.close();
      one.close();
      await publish(engine, ROOM, ['b']);
      expect(heard).toEqual(['a', 'a', 'b']);
      two.close();
      await publish(engine, ROOM, ['c']);
      expect(heard).toEqual(['a', 'a', 'b']);
    });
  });

  describe('drain', () => {
    test('P1: completes what was accepted, refuses what comes, and may be called twice', async () => {
      const { engine } = harness();
      expect(engine.health()).toEqual({ ok: true });
      const accepted = Promise.all([
        publish(engine, ROOM, ['a']),
        publish(engine, ROOM, ['b']),
        publish(engine, OTHER, ['c']),
      ]);
      const drained = engine.drain();
      const refused = await engine.append(appendOf(ROOM, [entry('late')]));
      expect(refused).toEqual({ ok: false, kind: 'definite', code: 'draining' });
      const results = await accepted;
      await Promise.all([drained, engine.drain()]);
      expect(results.every((result) => result.ok)).toBe(true);
      const health = engine.health();
      expect(health.ok).toBe(false);
      expect(health.fault).toMatch(/drain/);
    });
  });
}
