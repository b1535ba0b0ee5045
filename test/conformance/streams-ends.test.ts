import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import {
  events,
  lines,
  openStream,
  parseEvents,
  type OpenStream,
} from '../support/event-stream.js';
import { openSocket, type SocketClient } from '../support/socket-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { succeeded, WireMessage, WireProblem } from '../support/wire.js';

/** Protocol, "Receive", streams: how they end, and what a client that does not keep up is told. */
const site = useHoldline();

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

async function stream(path: string, key = site.client.key, accept = 'text/event-stream') {
  const headers = { accept, authorization: `Bearer ${key}` };
  const opened = await openStream(site.client.url + path, headers);
  open.push(opened);
  await eventually(
    'it has begun',
    5000,
    () => opened.text().includes('"cursor"') || parseEvents(opened.text()).lastEventId !== '',
  );
  return opened;
}

async function socket(key: string): Promise<SocketClient> {
  const client = await openSocket(`${site.client.url}/v1/ws`, { key });
  open.push({ close: () => client.socket.terminate() });
  await client.next('hello');
  return client;
}

const streamCount = async () =>
  Number(/^holdline_streams (\d+)/m.exec((await site.client.ask('/metrics')).text)?.[1] ?? 'NaN');

describe('a client that does not keep up', () => {
  beforeAll(async () => {
    const path = `/v1/apps/${site.holdline.appId}/namespaces`;
    const rules = { name: 'short', retentionMessages: 100 };
    succeeded(await site.owner.ask(path, { json: rules }), 201);
    // The rule reaches delivery within a second; a hold is the clock.
    await site.client.receive('short-clock', { wait: 1 });
  });

  /** Far more than the sockets between the two take, and than the channel keeps. */
  async function overrun(channel: string): Promise<void> {
    const filler = 'x'.repeat(50_000);
    for (let n = 0; n < 1000; n += 100) {
      const batch = Array.from({ length: 100 }, (_, i) => ({ data: { n: n + i, filler } }));
      await site.client.publish(channel, batch);
    }
  }

  test('P4: is told `lost` with slow_consumer when it reads again, and gets what is kept', async () => {
    const slow = await stream(channelPath('short:slow'));
    slow.pause();
    await overrun('short:slow');
    await site.client.receive('short-clock', { wait: 2 });
    slow.resume();
    await eventually('the newest', 30_000, () => slow.text().includes('"n":999,'));
    const all = await events(slow, 1);
    const lost = all
      .filter((one) => one.type === 'lost')
      .map((one) => JSON.parse(one.data) as { from: number; to: number });
    // On a slow machine what is no longer kept is told first, where the server itself came late.
    expect(lost.at(-1)).toMatchObject({
      channel: 'short:slow',
      lost: { reason: 'slow_consumer' },
    });
    const told = lost.filter(({ from }, i) => from !== lost[i - 1]?.to).map(({ from }) => from);
    const messages = all
      .filter((one) => one.type === 'message')
      .map((one) => WireMessage.parse(JSON.parse(one.data)));
    // Whole before the loss and whole after it, and nothing missing that is not told.
    const breaks = messages.flatMap((one, i) =>
      i > 0 && one.previous !== messages[i - 1]?.position ? [messages[i - 1]?.position] : [],
    );
    expect(breaks).toEqual(told);
  }, 60_000);

  test('P4: one that takes nothing for 30 s is cut, and its last id tells what it missed', async () => {
    await eventually(
      'those of other tests are gone',
      10_000,
      async () => (await streamCount()) === 0,
    );
    const stuck = await stream(channelPath('short:stuck'));
    const { lastEventId } = parseEvents(stuck.text());
    stuck.pause();
    await overrun('short:stuck');
    expect(await streamCount()).toBe(1);
    await eventually('it is cut', 45_000, async () => (await streamCount()) === 0);
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${site.client.key}`,
      'last-event-id': lastEventId,
    };
    const next = await openStream(site.client.url + channelPath('short:stuck'), headers);
    open.push(next);
    await eventually('the newest', 30_000, () => next.text().includes('"n":999,'));
    const [first] = await events(next, 1);
    expect([first?.type, JSON.parse(first?.data as string)]).toMatchObject([
      'lost',
      { channel: 'short:stuck', lost: { reason: 'retention' } },
    ]);
  }, 90_000);
});

describe('P7: what is revoked ends within a second, streams and WebSockets too', () => {
  const appPath = () => `/v1/apps/${site.holdline.appId}`;
  const jtiOf = (token: string) =>
    (
      JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as {
        jti: string;
      }
    ).jti;

  /** With each credential both kinds of stream and a WebSocket: those of the victims end, no other. */
  async function expectEnded(victims: string[], others: string[], revoke: () => Promise<unknown>) {
    const all = async (key: string) => {
      const path = channelPath('revoked');
      const events = await stream(path, key);
      const ndjson = await stream(path, key, 'application/x-ndjson');
      const ws = await socket(key);
      ws.send({ type: 'subscribe', channels: ['revoked'] });
      await ws.next('subscribed');
      return { events, ndjson, ws };
    };
    const ending = await Promise.all(victims.map(all));
    const staying = await Promise.all(others.map(all));
    const began = performance.now();
    await revoke();
    for (const { events, ndjson, ws } of ending) {
      await eventually('both ended', 5000, () => events.ended && ndjson.ended);
      expect(await ws.closed).toBe(1008);
      const words = [
        JSON.parse(parseEvents(events.text()).events.at(-1)?.data as string) as unknown,
        lines(ndjson).at(-1)?.['problem'],
        (await ws.next('problem'))['problem'],
      ];
      for (const word of words) {
        expect(WireProblem.parse(word)).toMatchObject({ code: 'revoked', status: 401 });
      }
    }
    expect(performance.now() - began).toBeLessThan(2000);
    await site.client.settle();
    expect(staying.map(({ events, ndjson }) => events.ended || ndjson.ended)).toEqual(
      others.map(() => false),
    );
    for (const { ws } of staying) expect(ws.socket.readyState).toBe(ws.socket.OPEN);
  }

  test('one token by its jti, and no other of the same client', async () => {
    const [one, two] = [
      await site.client.token({ clientId: 'sam' }),
      await site.client.token({ clientId: 'sam' }),
    ];
    await expectEnded([one], [two], () =>
      site.owner.create(`${appPath()}/revocations`, { tokenId: jtiOf(one) }),
    );
  }, 30_000);

  test('a client: all its tokens, and no other client’s', async () => {
    const eve = [
      await site.client.token({ clientId: 'eve' }),
      await site.client.token({ clientId: 'eve' }),
    ];
    const ann = await site.client.token({ clientId: 'ann' });
    await expectEnded(eve, [ann], () =>
      site.owner.create(`${appPath()}/revocations`, { clientId: 'eve' }),
    );
  }, 30_000);

  test('an app: all its keys and tokens, and no other app’s', async () => {
    const app = await site.owner.createApp('doomed-streams');
    const { key } = await site.owner.createKey(app);
    const client = await site.client.as(key).known();
    await expectEnded([key, await client.token({})], [site.client.key], async () => {
      succeeded(await site.owner.ask(`/v1/apps/${app}`, { method: 'DELETE' }), 204);
    });
  }, 30_000);
});

describe('streams elsewhere', () => {
  const messagesOf = (opened: OpenStream) =>
    parseEvents(opened.text())
      .events.filter((one) => one.type === 'message')
      .map((one) => JSON.parse(one.data) as Record<string, unknown>);

  test('on an end of a link', async () => {
    succeeded(await site.client.ask('/v1/links/streamed', { method: 'PUT' }), 201);
    const atB = await stream('/v1/links/streamed/b/messages');
    for (const data of [1, 2]) {
      succeeded(await site.client.ask('/v1/links/streamed/a/messages', { json: { data } }), 202);
    }
    await events(atB, 2);
    expect(messagesOf(atB)).toMatchObject([
      { channel: 'link:streamed:b', data: 1 },
      { channel: 'link:streamed:b', data: 2 },
    ]);
  });

  test('on an inbox, which counts as delivered', async () => {
    const token = await site.client.token({ clientId: 'streamer' });
    const inbox = await stream('/v1/clients/me/messages', token);
    const sent = await site.client.ask('/v1/clients/streamer/messages', { json: { data: 'x' } });
    succeeded(sent, 202);
    expect(sent.json).toMatchObject({ delivered: 1, home: expect.any(String) });
    await events(inbox, 1);
    expect(messagesOf(inbox)).toMatchObject([{ data: 'x' }]);
  });

  test.each([
    ['text/event-stream', messagesOf],
    ['application/x-ndjson', (opened: OpenStream) => lines(opened)],
  ] as const)('%s: changes of presence among the messages', async (accept, read) => {
    const channel = `present-${accept.length}`;
    const watcher = await stream(
      channelPath(channel, { presence: 'true' }),
      site.client.key,
      accept,
    );
    const member = `/v1/channels/${channel}/presence/ann`;
    succeeded(await site.client.ask(member, { method: 'PUT', json: { data: 1 } }), 200);
    await site.client.publish(channel, { data: 'a message' });
    const presence = () => read(watcher).filter((one) => one['type'] === 'presence');
    await eventually('the join', 5000, () => presence().length === 1);
    expect(presence()).toMatchObject([
      { channel, count: 1, joined: [{ clientId: 'ann', data: 1 }] },
    ]);
    succeeded(await site.client.ask(member, { method: 'DELETE' }), 204);
    await eventually('the leave', 5000, () => presence().length === 2);
    expect(presence()[1]).toMatchObject({ count: 0, left: [{ clientId: 'ann' }] });
    expect(read(watcher).filter((one) => one['data'] === 'a message')).toHaveLength(1);
  });
});
