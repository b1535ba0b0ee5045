import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { lines, openStream, parseEvents, type OpenStream } from '../support/event-stream.js';
import { ask } from '../support/http-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Protocol, "Receive": POST /v1/poll as a stream, several apps included. */
const site = useSharedHoldline();

const open: OpenStream[] = [];
afterEach(() => open.splice(0).forEach((stream) => stream.close()));

const parties: { app: string; key: string; token: string }[] = [];
beforeAll(async () => {
  for (const clientId of ['first', 'second']) {
    const app = await site.owner.createApp(clientId);
    const { key } = await site.owner.createKey(app);
    const client = await site.client.as(key).known();
    parties.push({ app, key, token: await client.token({ clientId }) });
  }
});
const both = (...channels: string[]) => parties.map(({ token }) => ({ token, channels }));

async function poll(body: object, accept: string, headers: Record<string, string> = {}) {
  const opened = await openStream(
    `${site.client.url}/v1/poll`,
    { accept, 'content-type': 'application/json', ...headers },
    JSON.stringify(body),
  );
  open.push(opened);
  expect(opened.status).toBe(200);
  return opened;
}
const publish = (n: number, channel: string, data: unknown) =>
  site.client.as((parties[n] as { key: string }).key).publish(channel, { data });

describe.each([
  [
    'text/event-stream',
    (opened: OpenStream) =>
      parseEvents(opened.text())
        .events.filter((one) => one.type === 'message')
        .map((one) => JSON.parse(one.data) as Record<string, unknown>),
    (opened: OpenStream) => parseEvents(opened.text()).lastEventId,
  ],
  [
    'application/x-ndjson',
    (opened: OpenStream) => lines(opened).filter((one) => 'position' in one),
    (opened: OpenStream) =>
      (lines(opened).findLast((one) => one['type'] === 'cursor')?.['cursor'] ?? '') as string,
  ],
] as const)('%s', (accept, read, place) => {
  test('P4: messages of both apps, each with its app; its cursor goes on, here and in a poll', async () => {
    const channel = `poll-stream-${accept.length}`;
    const subscriptions = both(channel);
    const opened = await poll({ subscriptions }, accept);
    await eventually('it has begun', 5000, () => place(opened) !== '');
    for (const [n, { app }] of parties.entries()) await publish(n, channel, app);
    await eventually('both', 5000, () => read(opened).length === 2);
    expect(read(opened).map((one) => one['app'])).toEqual(read(opened).map((one) => one['data']));
    expect(new Set(read(opened).map((one) => one['app']))).toEqual(
      new Set(parties.map(({ app }) => app)),
    );
    const cursor = await eventually('a place after both', 5000, () => place(opened));
    opened.close();
    await publish(1, channel, 'meanwhile');
    const next = await poll({ subscriptions, cursor }, accept);
    await eventually('the next', 5000, () => read(next).length === 1);
    const resumed = await poll({ subscriptions }, accept, { 'last-event-id': cursor });
    await eventually('the same by Last-Event-ID', 5000, () => read(resumed).length === 1);
    const held = await ask(`${site.client.url}/v1/poll`, {
      json: { subscriptions, cursor, wait: 0 },
    });
    succeeded(held, 200);
    expect((held.json as { messages: unknown[] }).messages).toMatchObject([{ data: 'meanwhile' }]);
  });

  test('P7: ends when one of its tokens is revoked', async () => {
    const fresh = await site.client
      .as((parties[0] as { key: string }).key)
      .token({ clientId: `gone-${accept.length}` });
    const subscriptions = [...both('x').slice(1), { token: fresh, channels: ['x'] }];
    const opened = await poll({ subscriptions }, accept);
    await eventually('it has begun', 5000, () => place(opened) !== '');
    await site.owner.create(`/v1/apps/${parties[0]?.app ?? ''}/revocations`, {
      clientId: `gone-${accept.length}`,
    });
    await eventually('the end', 5000, () => opened.ended);
    expect(opened.text()).toContain('"code":"revoked"');
  });

  test('keeps its client present as long as it is open', async () => {
    const channel = `poll-present-${accept.length}`;
    const [{ token, key }] = parties as unknown as [{ token: string; key: string }];
    const opened = await poll(
      { subscriptions: [{ token, channels: [channel] }], presence: { [channel]: { mood: 'on' } } },
      accept,
    );
    await eventually('it has begun', 5000, () => place(opened) !== '');
    const reply = await site.client.as(key).ask(`/v1/channels/${channel}/presence`);
    expect((reply.json as { members: unknown[] }).members).toMatchObject([
      { clientId: 'first', data: { mood: 'on' } },
    ]);
  });
});

test('a refusal is an answer of its own, with its status', async () => {
  const at = (json: object) =>
    ask(`${site.client.url}/v1/poll`, { json, headers: { accept: 'text/event-stream' } });
  refused(await at({ subscriptions: both('x'), cursor: 'nonsense' }), 400, 'invalid_cursor');
  refused(await at({ subscriptions: [{ channels: ['x'] }] }), 401, 'unauthenticated');
  const limited = await site.client.token({ capabilities: { other: ['subscribe'] } });
  refused(await at({ subscriptions: [{ token: limited, channels: ['x'] }] }), 403, 'forbidden');
});
