import { describe, expect, test } from '@jest/globals';
import { APP, Bench, ownerOf } from '../testing/bench.js';
import { quiet } from '../testing/manual-clock.js';
import type { GroupPage, GroupQuery } from './types.js';

const put = (bench: Bench, channel: string, group: string, app = APP) =>
  bench.mediator.groups.put(
    { app, channel, group },
    { from: { text: 'start', from: { kind: 'start' } }, visibility: 30, maxAttempts: 2 },
  );
const page = (bench: Bench, query: Partial<GroupQuery> = {}) =>
  bench.mediator.groups.page({ app: APP, channel: null, after: null, limit: 50, ...query });
const namesOf = ({ groups }: GroupPage) => groups.map(({ channel, group }) => [channel, group]);

/** Every page, as somebody reads on who follows `next`. */
async function all(bench: Bench, limit: number, channel: string | null = null) {
  const names: string[][] = [];
  let after: GroupQuery['after'] = null;
  do {
    const one: GroupPage = await page(bench, { limit, after, channel });
    expect(one.groups.length).toBeLessThanOrEqual(limit);
    names.push(...namesOf(one));
    after = one.next;
  } while (after);
  return names;
}

describe('the groups of an app', () => {
  test('tell how far behind each is, what is out and what comes again, what is dead, and who waits', async () => {
    const bench = new Bench();
    await bench.publish('jobs', 1, 2, 3, 4);
    await put(bench, 'jobs', 'workers');
    const ref = { app: APP, channel: 'jobs', group: 'workers' };
    const handed: { ackId: string; position: number }[] = [];
    const receive = (limit: number, waitMs: number) => {
      const request = { ref, owner: ownerOf(APP), waitMs, limit, visibility: null };
      bench.mediator.groups.receive(request, {
        answer: ({ body }) =>
          handed.push(...(JSON.parse(body.toString()) as { messages: typeof handed }).messages),
        refuse: () => {},
      });
    };
    receive(2, 0);
    await quiet();
    await bench.mediator.groups.settle(ref, { ack: [], nack: [handed[0]!.ackId], extend: [] });
    const [report] = (await page(bench)).groups;
    expect(report).toMatchObject({
      ...{ channel: 'jobs', group: 'workers', lag: 3, lagIsMore: false },
      ...{ waiting: 1, inFlight: 1, deadLetters: 0, members: 0, visibility: 30, maxAttempts: 2 },
    });
    // What is new first, and then what comes again.
    for (let n = 0; n < 2; n++) {
      receive(10, 0);
      await quiet();
    }
    const again = handed.findLast(({ position }) => position === handed[0]!.position);
    await bench.mediator.groups.settle(ref, { ack: [], nack: [again!.ackId], extend: [] });
    receive(1, 60_000);
    await quiet();
    expect((await page(bench)).groups).toMatchObject([
      { lag: 0, waiting: 0, deadLetters: 1, members: 1 },
    ]);
  });

  test('are listed by channel, page by page, none twice and none left out, those in nobody’s memory too', async () => {
    const bench = new Bench();
    const wanted: string[][] = [];
    for (const channel of ['a', 'b', 'room:1']) {
      for (const group of ['one', 'three', 'two']) {
        await put(bench, channel, group);
        wanted.push([channel, group]);
      }
    }
    // Long after the last use.
    bench.clock.advance(600_000);
    await quiet();
    for (const limit of [1, 2, 3, 50]) expect(await all(bench, limit)).toEqual(wanted);
    expect(await all(bench, 2, 'b')).toEqual(wanted.slice(3, 6));
    expect(await all(bench, 2, 'none')).toEqual([]);
  });

  test('one that was removed is not among them, nor is its channel in the way of those after it', async () => {
    const bench = new Bench();
    for (const channel of ['a', 'b', 'c']) await put(bench, channel, 'workers');
    await bench.mediator.groups.remove({ app: APP, channel: 'b', group: 'workers' });
    expect(await all(bench, 1)).toEqual([
      ['a', 'workers'],
      ['c', 'workers'],
    ]);
  });

  test('P5: are those of no other app', async () => {
    const bench = new Bench();
    await put(bench, 'jobs', 'theirs', 'app-2');
    await put(bench, 'jobs', 'theirs', `${APP}1`);
    expect(await all(bench, 10)).toEqual([]);
  });
});
