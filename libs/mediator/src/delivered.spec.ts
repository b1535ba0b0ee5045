import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { APP, Bench, DAY } from './testing/bench.js';
import type { Poll } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';

const send = (bench: Bench, data: unknown, id?: string) =>
  bench.mediator.send({
    app: APP,
    channel: 'inbox',
    clientId: null,
    messages: [id === undefined ? { data } : { data, id }],
    retention: DAY,
  });
const has = (poll: Poll, data: unknown): boolean =>
  poll.answers.length > 0 && poll.data.includes(data);

describe('delivered', () => {
  test('counts the holds that the message answered, and no other', async () => {
    const bench = new Bench();
    expect((await send(bench, 0)).delivered).toBe(0);
    const polls = [
      await bench.poll({ channels: ['inbox'] }),
      await bench.poll({ channels: ['inbox', 'room'] }),
      await bench.poll({ channels: ['inbox'] }),
    ];
    await bench.poll({ channels: ['room'] });
    expect((await send(bench, 1)).delivered).toBe(3);
    expect(polls.every((poll) => has(poll, 1))).toBe(true);
    expect((await send(bench, 2)).delivered).toBe(0);
  });

  test('a repeated id delivers nothing anew', async () => {
    const bench = new Bench();
    await bench.poll({ channels: ['inbox'] });
    expect((await send(bench, 1, 'x')).delivered).toBe(1);
    await bench.poll({ channels: ['inbox'] });
    const again = await send(bench, 1, 'x');
    expect([again.delivered, again.messages[0]?.duplicate]).toEqual([0, true]);
  });

  test('more holds than one slice answers are all counted', async () => {
    const bench = new Bench();
    for (let n = 0; n < 1000; n++) bench.ask({ channels: ['inbox'] });
    await quiet();
    expect((await send(bench, 1)).delivered).toBe(1000);
  });

  test('a hold with a view counts when the message is for it', async () => {
    const bench = new Bench();
    const view = { names: null, headers: null, conflate: null, windowMs: 0 };
    for (const names of [null, ['other']]) {
      bench.mediator.receive(
        {
          subscriptions: [
            {
              owner: { appId: APP, keyId: 'k', clientId: null, tokenId: null, issuedAt: null },
              channels: ['inbox'],
            },
          ],
          cursor: null,
          from: { kind: 'now' },
          waitMs: 10_000,
          limit: 100,
          view: { ...view, names, key: JSON.stringify(names) },
        },
        { answer: () => {}, refuse: () => {} },
      );
    }
    await quiet();
    expect((await send(bench, 1)).delivered).toBe(1);
  });

  test('whatever happens at the same time: it is the number of answers that brought the message', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('hold', 'one', 'two', 'late', 'gone', 'send', 'burst'), {
          maxLength: 30,
        }),
        async (steps) => {
          const bench = new Bench();
          const polls: Poll[] = [];
          const told: { data: number; delivered: number }[] = [];
          let next = 0;
          const say = async () => {
            const data = ++next;
            told.push({ data, delivered: (await send(bench, data)).delivered });
          };
          for (const step of steps) {
            if (step === 'hold') polls.push(await bench.poll({ channels: ['inbox'] }));
            if (step === 'one') polls.push(await bench.poll({ channels: ['inbox'], limit: 1 }));
            if (step === 'two') polls.push(await bench.poll({ channels: ['room', 'inbox'] }));
            if (step === 'late') {
              // Not yet held when the message comes, and already there when it is counted.
              const poll = bench.ask({ channels: ['inbox'] });
              polls.push(poll);
              await say();
            }
            if (step === 'gone') polls.at(-1)?.hold.cancel();
            if (step === 'send') await say();
            if (step === 'burst') await Promise.all([say(), say(), say()]);
            await quiet(2);
          }
          for (const { data, delivered } of told) {
            expect({ data, delivered }).toEqual({
              data,
              delivered: polls.filter((poll) => has(poll, data)).length,
            });
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
