import { describe, expect, test } from '@jest/globals';
import { ask } from '../support/http-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { refused, succeeded, WireProblem } from '../support/wire.js';

/** Protocol, "Publish": POST /v1/messages over many channels. */
const site = useSharedHoldline();

interface Item {
  readonly id: string;
  readonly position: number;
  readonly timestamp: string;
  readonly duplicate?: boolean;
}

async function batch(messages: unknown[], key?: string): Promise<(Item | WireProblem)[]> {
  const client = key === undefined ? site.client : site.client.as(key);
  const reply = await client.ask('/v1/messages', { json: { messages } });
  succeeded(reply, 207);
  return (reply.json as { results: (Item | WireProblem)[] }).results;
}

const kept = async (channel: string) =>
  (await site.client.history(channel, { order: 'oldest' })).messages.map((one) => one.data);

describe('a batch', () => {
  test('answers one result for each message, in order, and stores each in its channel', async () => {
    const results = await batch([
      { channel: 'b1', data: 1 },
      { channel: 'b2', data: 2, name: 'n' },
      { channel: 'b1', data: 3 },
      { channel: 77, data: 4 },
    ]);
    expect(results).toHaveLength(4);
    for (const result of results)
      expect(result).toMatchObject({ id: expect.any(String), position: expect.any(Number) });
    expect([await kept('b1'), await kept('b2'), await kept('77')]).toEqual([[1, 3], [2], [4]]);
    expect((results[2] as Item).position).toBeGreaterThan((results[0] as Item).position);
  });

  test('is atomic per channel: a fault in one stores none of that channel and all of the others', async () => {
    const results = await batch([
      { channel: 'whole', data: 1 },
      { channel: 'torn', data: 1 },
      { channel: 'torn', data: 2, ifPosition: 987_654_321 },
      { channel: 'whole', data: 2 },
    ]);
    expect(await kept('whole')).toEqual([1, 2]);
    expect(await kept('torn')).toEqual([]);
    for (const index of [1, 2])
      expect(results[index]).toMatchObject({ status: 409, code: 'position_conflict' });
    for (const index of [0, 3])
      expect(results[index]).toMatchObject({ position: expect.any(Number) });
  });

  test('names what a token may not do, item by item', async () => {
    const token = await site.client.token({ capabilities: { 'mine:*': ['publish'] } });
    const results = await batch(
      [
        { channel: 'mine:1', data: 1 },
        { channel: 'yours:1', data: 1 },
      ],
      token,
    );
    expect(results[0]).toMatchObject({ position: expect.any(Number) });
    expect(results[1]).toMatchObject({
      status: 403,
      code: 'forbidden',
      detail: expect.stringMatching(/publish/),
    });
    expect(await kept('yours:1')).toEqual([]);
  });

  test('gives each refusal in it an id, one for what was refused together, and counts it', async () => {
    const refusals = async () => {
      const { text } = await ask(`${site.client.url}/metrics`);
      return Number(/^holdline_refusals_total\{code="invalid_message"\} (\d+)/m.exec(text)?.[1]);
    };
    const before = await refusals();
    const results = (await batch([
      { channel: 'ids:1' },
      { channel: 'ids:1', data: 1 },
      { channel: 'ids:2' },
      { data: 'for no channel' },
    ])) as WireProblem[];
    const ids = results.map((one) => WireProblem.parse(one).requestId);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
    expect(await refusals()).toBe(before + 3);
  });

  test('repeats are duplicates, item by item', async () => {
    const messages = [
      { channel: 'r1', data: 1, id: 'i' },
      { channel: 'r2', data: 1, id: 'i' },
    ];
    const first = (await batch(messages)) as Item[];
    const second = (await batch(messages)) as Item[];
    expect(second.map((one) => one.duplicate)).toEqual([true, true]);
    expect(second.map((one) => one.position)).toEqual(first.map((one) => one.position));
  });

  test('a thousand channels in one', async () => {
    const results = await batch(
      Array.from({ length: 1000 }, (_, n) => ({ channel: `wide:${n}`, data: n })),
    );
    expect(results.every((one) => 'position' in one)).toBe(true);
    expect(await kept('wide:999')).toEqual([999]);
  });

  const faulty: [string, unknown, string][] = [
    ['no messages', {}, '422|400'],
    ['an empty list', { messages: [] }, '422|400'],
    [
      'more than 1000',
      { messages: Array.from({ length: 1001 }, () => ({ channel: 'x', data: 1 })) },
      '422|413|400',
    ],
    ['an array in place of the object', [{ channel: 'x', data: 1 }], '422|400'],
  ];
  test.each(faulty)('with %s is refused as a whole', async (_what, json, status) => {
    const reply = await site.client.ask('/v1/messages', { json });
    expect(String(reply.status)).toMatch(new RegExp(`^(${status})$`));
    refused(reply, reply.status, /^(invalid_message|invalid_request|message_too_large)$/);
  });
});
