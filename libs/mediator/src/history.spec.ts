import { describe, expect, test } from '@jest/globals';
import { ModelEngine } from '#engine';
import { APP, Bench } from './testing/bench.js';
import type { AnswerBody } from './testing/bench.js';
import { quiet } from './testing/manual-clock.js';
import type { HistoryRequest } from './types.js';

interface Page {
  readonly data: unknown[];
  readonly cursor: string;
  readonly epoch: string;
  readonly next: number | null;
}

async function page(bench: Bench, request: Partial<HistoryRequest> = {}): Promise<Page> {
  const { body, cursor, next } = await bench.mediator.history({
    app: APP,
    channel: 'room',
    before: null,
    after: null,
    limit: 3,
    order: 'newest',
    ...request,
  });
  const parsed = JSON.parse(body.toString()) as AnswerBody & { epoch: string };
  expect(parsed.cursor).toBe(cursor);
  return {
    data: parsed.messages.map((message) => message.data),
    cursor,
    epoch: parsed.epoch,
    next,
  };
}

describe('history', () => {
  test('pages through everything once, newest or oldest first', async () => {
    const bench = new Bench();
    await bench.publish('room', 1, 2, 3, 4, 5, 6, 7);
    const newest: unknown[] = [];
    let before: number | null = null;
    do {
      const one: Page = await page(bench, { before });
      newest.push(...one.data);
      before = one.next;
    } while (before !== null);
    expect(newest).toEqual([7, 6, 5, 4, 3, 2, 1]);

    const oldest: unknown[] = [];
    let after: number | null = null;
    do {
      const one: Page = await page(bench, { after, order: 'oldest' });
      oldest.push(...one.data);
      after = one.next;
    } while (after !== null);
    expect(oldest).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('before and after are exclusive, and the last page between them says so', async () => {
    const bench = new Bench();
    const { messages } = await bench.publish('room', 1, 2, 3, 4, 5);
    const [, second, , , fifth] = messages.map((message) => message.position);
    const between = { before: fifth!, after: second! };
    expect(await page(bench, between)).toMatchObject({ data: [4, 3], next: null });
    expect(await page(bench, { ...between, order: 'oldest' })).toMatchObject({
      data: [3, 4],
      next: null,
    });
    expect(await page(bench, { ...between, limit: 2 })).toMatchObject({ data: [4, 3], next: null });
    expect(await page(bench, { ...between, limit: 2, order: 'oldest' })).toMatchObject({
      data: [3, 4],
      next: null,
    });
    expect(await page(bench, { after: 10_000, order: 'oldest' })).toMatchObject({
      data: [],
      next: null,
    });
    expect(await page(bench, { before: 1 })).toMatchObject({ data: [], next: null });
  });

  test('a receive from the page’s cursor goes on right after its newest message', async () => {
    const bench = new Bench();
    await bench.publish('room', 1, 2);
    const newest = await page(bench);
    const old = await page(bench, { limit: 1, order: 'oldest' });
    const empty = await page(bench, { channel: 'other' });
    await bench.publish('room', 3);
    await bench.publish('other', 'x');
    await quiet();
    expect((await bench.poll({ cursor: newest.cursor })).data).toEqual([3]);
    expect((await bench.poll({ cursor: old.cursor })).data).toEqual([2, 3]);
    expect((await bench.poll({ channels: ['other'], cursor: empty.cursor })).data).toEqual(['x']);
    expect(newest.epoch).toBe(empty.epoch);
  });

  test('a log that cannot be read is said to be unavailable', async () => {
    class Unreadable extends ModelEngine {
      override async readBack(): Promise<never> {
        throw new Error('EIO');
      }
    }
    const bench = new Bench({ engine: (clock) => new Unreadable({ clock }) });
    await expect(page(bench)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
