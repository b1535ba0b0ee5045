import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Append, AppendResult, ReadResult } from '../port.js';
import type { ModelEngine } from '../model/model-engine.js';
import type { EmbeddedHarness } from './embedded-harness.js';

/** For the model-based test: the oracle, the engine under test, and what is needed to compare them. */
export interface Pair {
  readonly model: ModelEngine;
  readonly harness: EmbeddedHarness;
}

type Command = fc.AsyncCommand<object, Pair>;

const CHANNELS = ['a', 'b', 'c'].map((name) => ({ app: 'app', name }));
const channel = fc.constantFrom(...CHANNELS);
const retention = fc.constantFrom(
  { seconds: 3600, messages: null },
  { seconds: 20, messages: null },
  { seconds: 3600, messages: 4 },
);
const limit = fc.constantFrom({ messages: 100, bytes: 1e6 }, { messages: 2, bytes: 30 });
const entry = fc.record(
  {
    id: fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5', 'i6'),
    idempotent: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 20 }),
    ttl: fc.constantFrom(5, 50),
    ifPosition: fc.integer({ min: 0, max: 12 }),
  },
  { requiredKeys: ['id', 'idempotent', 'payload'] },
);
const append: fc.Arbitrary<Append> = fc.record({
  channel,
  retention,
  entries: fc.array(entry, { minLength: 1, maxLength: 4 }),
});

function command(text: string, run: (pair: Pair) => Promise<void>): Command {
  return { check: () => true, run: (_, pair) => run(pair), toString: () => text };
}

/** Epochs are random, so each side is compared by whether it is its own. */
function comparable(result: ReadResult, epoch: string) {
  return {
    ...result,
    epoch: result.epoch === epoch,
    messages: result.messages.map((m) => ({
      ...m,
      payload: Buffer.from(m.payload).toString('hex'),
    })),
  };
}

async function appendBoth({ model, harness }: Pair, appends: readonly Append[]): Promise<void> {
  const strip = (result: AppendResult) => (result.ok ? { ...result, epoch: '' } : result);
  const [expected, actual] = await Promise.all([
    Promise.all(appends.map((item) => model.append(item))),
    Promise.all(appends.map((item) => harness.engine.append(item))),
  ]);
  expect(actual.map(strip)).toEqual(expected.map(strip));
}

async function readBoth(
  { model, harness }: Pair,
  name: (typeof CHANNELS)[number],
  position: number | null,
  within: { messages: number; bytes: number },
): Promise<void> {
  const [one, other] = [await model.tail(name), await harness.engine.tail(name)];
  expect(other.last).toBe(one.last);
  const place = (epoch: string) => (position === null ? null : { epoch, position });
  const expected = comparable(await model.read(name, place(one.epoch), within), one.epoch);
  const actual = comparable(
    await harness.engine.read(name, place(other.epoch), within),
    other.epoch,
  );
  // How many are missing is said where it can be told; where it is said it must be right.
  if (actual.missing === undefined) delete expected.missing;
  expect(actual).toEqual(expected);
  expect(comparable(await harness.engine.readBack(name, position, within), other.epoch)).toEqual(
    comparable(await model.readBack(name, position, within), one.epoch),
  );
}

export const engineCommands: fc.Arbitrary<Command>[] = [
  fc
    .array(append, { minLength: 1, maxLength: 4 })
    .map((appends) =>
      command(`append ${JSON.stringify(appends)}`, (pair) => appendBoth(pair, appends)),
    ),
  fc
    .tuple(channel, fc.option(fc.integer({ min: 0, max: 40 })), limit)
    .map(([name, position, within]) =>
      command(`read ${name.name} ${position} ${JSON.stringify(within)}`, (pair) =>
        readBoth(pair, name, position, within),
      ),
    ),
  fc
    .constantFrom(0, 1000, 4999, 15_000)
    .map((ms) => command(`advance ${ms}`, async ({ harness }) => harness.clock.advance(ms))),
  channel.map((name) =>
    command(`purge ${name.name}`, async ({ model, harness }) => {
      await Promise.all([model.purge(name), harness.engine.purge(name)]);
    }),
  ),
  fc.integer({ min: 0, max: 60_000 }).map((back) =>
    command(`positionBefore -${back}`, async ({ model, harness }) => {
      const time = harness.clock.now() - back;
      expect(await harness.engine.positionBefore(time)).toBe(await model.positionBefore(time));
    }),
  ),
  fc.constant(command('maintain', ({ harness }) => harness.engine.maintain())),
  fc.constant(
    command('restart', async ({ harness }) => {
      const { epoch } = await harness.engine.tail(CHANNELS[0]!);
      await harness.restart();
      expect((await harness.engine.tail(CHANNELS[0]!)).epoch).toBe(epoch);
    }),
  ),
];

/** After any run: every channel reads the same from every place. */
export async function compareEverything(pair: Pair): Promise<void> {
  for (const name of CHANNELS) {
    for (let position = 0; position <= 30; position++) {
      await readBoth(pair, name, position, { messages: 1000, bytes: 1e6 });
    }
    await readBoth(pair, name, null, { messages: 1000, bytes: 1e6 });
  }
}
