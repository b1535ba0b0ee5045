import { expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { received, succeeded } from '../support/wire.js';

/** Protocol, "Receive": `Holdline-Hold` says how long a hold may last, and why. */
const site = useHoldline();

test('reason=limit: no longer than the token lives, and no longer than 300 s', async () => {
  const client = site.client.as(await site.client.token({ ttl: 3 }));
  const held = await client.hold('limited', { wait: 30 }).reply;
  const [, seconds, reason] =
    /^(\d+); reason=(\w+)$/.exec(String(held.headers['holdline-hold'])) ?? [];
  expect(reason).toBe('limit');
  expect(Number(seconds)).toBeLessThanOrEqual(3);
  expect(received(held)).toMatchObject({ messages: [], timedOut: true });

  const asked = site.client.start(channelPath('limited'), { headers: { prefer: 'wait=4000' } });
  await site.client.settle();
  await site.client.publish('limited', { data: 1 });
  const reply = await asked.reply;
  succeeded(reply, 200);
  expect(reply.headers['holdline-hold']).toBe('300; reason=limit');
}, 30_000);

test('reason=default and reason=asked; a group and a request say it too', async () => {
  const holdOf = async (path: string, json?: unknown) =>
    (await site.client.ask(path, json === undefined ? {} : { json })).headers['holdline-hold'];
  await site.client.publish('said', { data: 1 });
  expect(await holdOf(channelPath('said', { from: 'start' }))).toBe('55; reason=default');
  expect(await holdOf(channelPath('said', { from: 'start', wait: 7 }))).toBe('7; reason=asked');
  const group = '/v1/channels/said/groups/g';
  succeeded(await site.client.ask(group, { method: 'PUT', json: { from: 'start' } }), 201);
  expect(await holdOf(`${group}/messages?wait=9`)).toBe('9; reason=asked');
  expect(await holdOf('/v1/channels/said/requests?wait=1', { data: 2 })).toBe('1; reason=asked');
});
