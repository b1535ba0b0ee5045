import { afterEach, describe, expect, test } from '@jest/globals';
import type { Engine, Retention } from '../port.js';
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
} from '../conformance/harness.js';
import { EmbeddedHarness } from './embedded-harness.js';
import { LogStore } from './log-store.js';

let harness: EmbeddedHarness;
afterEach(() => harness.stop());

const seconds = (age: number): Retention => ({ seconds: age, messages: null });

/** How many records each table holds, read from the stopped engine's files. */
async function countRecords() {
  let counts = { blocks: 0, journal: 0, expiry: 0, trims: 0 };
  await harness.restart(async () => {
    const store = LogStore.open(harness.directory);
    const { blocks, journal, expiry, trims } = store;
    counts = {
      blocks: blocks.getKeysCount({ start: Buffer.alloc(1) }),
      journal: journal.getKeysCount({ start: Buffer.alloc(1) }),
      expiry: expiry.getKeysCount({ start: Buffer.alloc(1) }),
      trims: trims.getKeysCount({ start: Buffer.alloc(1) }),
    };
    await store.close();
  });
  return counts;
}

async function publishOneByOne(engine: Engine, count: number, retention = seconds(10)) {
  for (let i = 0; i < count; i++) await publish(engine, ROOM, [`m${i}`], retention);
}

describe('sweeper', () => {
  test('gives back what age retention let go of, and the channel goes on where it stood', async () => {
    harness = await EmbeddedHarness.start({ journalSeconds: 10 });
    const { engine, clock } = harness;
    await publishOneByOne(engine, 30);
    await publish(engine, OTHER, ['stays'], seconds(1000));
    const { last } = await engine.tail(ROOM);
    clock.advance(10_000);
    await engine.maintain();
    expect(await countRecords()).toEqual({ blocks: 1, journal: 1, expiry: 1, trims: 0 });
    expect((await harness.engine.tail(ROOM)).last).toBe(last);
    await publish(harness.engine, ROOM, ['next']);
    const { messages } = await harness.engine.read(ROOM, null, ALL);
    expect([texts(messages), messages[0]!.previous]).toEqual([['next'], last]);
  });

  test('works in slices, so that one round never holds publishers up for long', async () => {
    harness = await EmbeddedHarness.start({ journalSeconds: 10 });
    const { engine, clock } = harness;
    await Promise.all(
      Array.from({ length: 1200 }, (_, i) =>
        publish(engine, { app: 'app', name: `c${i}` }, ['x'], seconds(1)),
      ),
    );
    await Promise.all(
      Array.from({ length: 1200 }, (_, i) =>
        publish(engine, { app: 'app', name: `c${i}` }, ['y'], seconds(2)),
      ),
    );
    clock.advance(2000);
    const sweeping = engine.maintain();
    const during = await publish(engine, ROOM, ['meanwhile'], seconds(100));
    expect(during.ok).toBe(true);
    await sweeping;
    expect((await countRecords()).blocks).toBe(1);
  });

  test('P4: a message whose block went is still told of as missing', async () => {
    harness = await EmbeddedHarness.start();
    const { engine, clock } = harness;
    const { epoch, entries } = await publish(engine, ROOM, ['a', 'b'], seconds(10));
    await publish(engine, ROOM, ['c'], seconds(1000));
    clock.advance(10_000);
    await engine.maintain();
    const start = await engine.read(ROOM, { epoch, position: 0 }, ALL);
    expect([start.status, start.missing, texts(start.messages)]).toEqual(['truncated', 2, ['c']]);
    const inside = await engine.read(ROOM, { epoch, position: entries[0]!.position }, ALL);
    expect(inside.status).toBe('truncated');
    const atEnd = await engine.read(ROOM, { epoch, position: entries[1]!.position }, ALL);
    expect(atEnd.status).toBe('ok');
  });

  test('gives back what count retention let go of', async () => {
    harness = await EmbeddedHarness.start();
    const five = { seconds: 1000, messages: 5 };
    await publishOneByOne(harness.engine, 30, five);
    await harness.engine.maintain();
    expect((await countRecords()).blocks).toBe(5);
    const { messages } = await harness.engine.read(ROOM, null, ALL);
    expect(texts(messages)).toEqual(['m25', 'm26', 'm27', 'm28', 'm29']);
  });

  test('P4: gives back what was purged, though the process stopped in between', async () => {
    harness = await EmbeddedHarness.start();
    await publishOneByOne(harness.engine, 20);
    await harness.engine.purge(ROOM);
    await publish(harness.engine, ROOM, ['after']);
    expect(await countRecords()).toMatchObject({ blocks: 21, trims: 1 });
    expect(texts((await harness.engine.read(ROOM, null, ALL)).messages)).toEqual(['after']);
    await harness.engine.maintain();
    expect(await countRecords()).toMatchObject({ blocks: 1, trims: 0 });
    const { messages } = await harness.engine.read(ROOM, null, ALL);
    expect(texts(messages)).toEqual(['after']);
    expect(chainFault(messages, messages[0]!.previous)).toBeNull();
  });

  test('P3: an id outlives its swept message for a day, and its table is emptied in the end', async () => {
    harness = await EmbeddedHarness.start();
    const { engine, clock } = harness;
    const once = entry('x', { idempotent: true });
    const answers = [];
    for (const hours of [0, 23, 48, 0]) {
      clock.advance(hours * 3_600_000);
      await engine.maintain();
      const result = stored(await engine.append(appendOf(ROOM, [once], seconds(10))));
      answers.push(result.entries[0]!.duplicate);
    }
    expect(answers).toEqual([false, true, false, true]);
  });

  test('a journal entry stays as long as it may be asked for', async () => {
    harness = await EmbeddedHarness.start({ journalSeconds: 100 });
    const { engine, clock } = harness;
    const start = clock.now();
    await publishOneByOne(engine, 3, seconds(1));
    clock.advance(50_000);
    await publishOneByOne(engine, 1, seconds(1));
    await engine.maintain();
    expect(await engine.positionBefore(start + 1)).toBe(3);
    clock.advance(50_000);
    await engine.maintain();
    expect((await countRecords()).journal).toBe(1);
  });
});
