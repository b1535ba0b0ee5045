import { describe, expect, test } from '@jest/globals';
import type { AppendResult } from '#engine';
import { ModelEngine } from '#engine';
import { APP, Bench, DAY } from './testing/bench.js';

describe('publish', () => {
  test('answers each message’s id and position, and a cursor after the last', async () => {
    const bench = new Bench();
    const { messages, cursor } = await bench.send('room', [{ data: 1 }, { data: 2, id: 'mine' }]);
    expect(messages).toEqual([
      { id: 'id-1', position: 1, timestamp: bench.clock.now(), duplicate: false },
      { id: 'mine', position: 2, timestamp: bench.clock.now(), duplicate: false },
    ]);
    await bench.publish('room', 3);
    expect((await bench.poll({ cursor })).data).toEqual([3]);
  });

  test('the same id again has the first position, and nothing is stored or counted', async () => {
    const counted: number[] = [];
    const bench = new Bench({ hooks: { published: (messages) => counted.push(messages) } });
    const first = await bench.send('room', [{ data: 1, id: 'x' }]);
    const again = await bench.send('room', [{ data: 1, id: 'x' }]);
    expect(again.messages).toEqual([{ ...first.messages[0], duplicate: true }]);
    expect(again.cursor).toBe(first.cursor);
    expect(counted).toEqual([1, 0]);
  });

  test('any JSON goes through unchanged, with client, encoding and headers', async () => {
    const bench = new Bench();
    const data = [null, 'é\u2028"\\', { a: [1.5, true, { '': [] }] }, [], '\ud800'];
    await bench.mediator.publish({
      app: APP,
      channel: 'räum"1',
      clientId: 'ann "é"',
      messages: [{ data }, { data: 'aGk=', encoding: 'base64', headers: { 'x-"': '\\' } }],
      retention: DAY,
    });
    const poll = await bench.poll({ channels: ['räum"1'], from: { kind: 'start' } });
    expect(poll.body.messages).toMatchObject([
      { channel: 'räum"1', clientId: 'ann "é"', data },
      { encoding: 'base64', data: 'aGk=', headers: { 'x-"': '\\' } },
    ]);
    expect(Object.keys(poll.body.channels)).toEqual(['räum"1']);
  });

  test('P8: a refusal says what was stored and what to do, for everything the log can say', async () => {
    let result: AppendResult | Error = new Error('connection reset');
    class Refusing extends ModelEngine {
      override async append(): Promise<AppendResult> {
        if (result instanceof Error) throw result;
        return result;
      }
    }
    const bench = new Bench({ engine: (clock) => new Refusing({ clock }) });
    const refused = (): Promise<unknown> =>
      bench.publish('room', 1).catch((fault: unknown) => fault);

    expect(await refused()).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('same id'),
    });
    result = { ok: false, kind: 'indefinite', code: 'timeout' };
    expect(await refused()).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('may be stored'),
    });
    result = { ok: false, kind: 'definite', code: 'position_conflict', position: 17 };
    expect(await refused()).toMatchObject({
      code: 'position_conflict',
      status: 409,
      extras: { position: 17 },
    });
    result = { ok: false, kind: 'definite', code: 'storage_full' };
    expect(await refused()).toMatchObject({
      code: 'storage_full',
      message: expect.stringContaining('Nothing was stored'),
    });
    result = { ok: false, kind: 'definite', code: 'frozen' };
    expect(await refused()).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not stored'),
    });
    result = { ok: false, kind: 'definite', code: 'draining' };
    expect(await refused()).toMatchObject({
      code: 'draining',
      message: expect.stringContaining('Nothing was stored'),
    });
  });

  test('ifPosition that is not the last position is refused with the one that is', async () => {
    const bench = new Bench();
    await bench.send('room', [{ data: 1, ifPosition: 0 }]);
    await expect(bench.send('room', [{ data: 2, ifPosition: 0 }])).rejects.toMatchObject({
      code: 'position_conflict',
      extras: { position: 1 },
    });
  });
});
