import { describe, expect, test } from '@jest/globals';
import { engineConformance } from '../conformance.js';
import { ALL, publish, ROOM, TestClock, texts } from '../conformance/harness.js';
import { ModelEngine } from './model-engine.js';

engineConformance('ModelEngine', async () => {
  const clock = new TestClock();
  const engine = new ModelEngine({ clock });
  await engine.start();
  return { engine, clock, stop: () => engine.drain() };
});

describe('ModelEngine', () => {
  test('P4: changeEpoch looks like a restore: places of before are of another log', async () => {
    const engine = new ModelEngine({ clock: new TestClock() });
    const { epoch, entries } = await publish(engine, ROOM, ['a']);
    engine.changeEpoch();
    const place = { epoch, position: entries[0]!.position };
    const result = await engine.read(ROOM, place, ALL);
    expect([result.status, texts(result.messages)]).toEqual(['epoch_changed', ['a']]);
    expect(result.epoch).not.toBe(epoch);
  });
});
