import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { eventually } from '../support/eventually.js';
import { succeeded } from '../support/wire.js';
import { useHoldline } from '../support/use-holdline.js';

/** Outbound webhooks, as a customer's server receives them; signatures by an independent verifier. */
const site = useHoldline({ env: { WEBHOOK_ALLOW_PRIVATE: 'true' } });

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

let server: Server;
let got: Got[] = [];
let hook: string;
let names = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      got.push({ headers: request.headers, body, path: request.url ?? '' });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  got = [];
});

async function endpoint(events: string[], rest: Record<string, unknown> = {}) {
  const path = `/hook-${++names}`;
  const made = await site.owner.create<{ id: string; secret: string }>('/v1/webhooks', {
    url: hook + path,
    events,
    ...rest,
  });
  return { ...made, path };
}

const at = (path: string) => got.filter((one) => one.path === path);
const arrived = (path: string, count: number) =>
  eventually(`${count} deliveries at ${path}`, 30_000, () => {
    const found = at(path);
    return found.length >= count && found;
  });
const eventOf = ({ body }: Got) =>
  JSON.parse(body) as { type: string; appId: string; data: Record<string, unknown> };

describe('webhooks', () => {
  test('a message that is published to a matching channel arrives, signed, as its receivers see it', async () => {
    const { secret, path } = await endpoint(['message.published'], { channels: ['orders:*'] });
    await site.client.publish('other', { data: 'not this one' });
    const { messages } = await site.client.publish('orders:1', {
      data: { total: 12.5 },
      name: 'placed',
    });
    const [one] = await arrived(path, 1);
    const event = new Webhook(secret).verify(one!.body, one!.headers as Record<string, string>);
    expect(event).toEqual({
      type: 'message.published',
      timestamp: messages[0]!.timestamp,
      appId: site.holdline.appId,
      data: expect.objectContaining({
        channel: 'orders:1',
        id: messages[0]!.id,
        position: messages[0]!.position,
        name: 'placed',
        data: { total: 12.5 },
      }),
    });
    expect(at(path)).toHaveLength(1);
  });

  test('what was published before an endpoint was made is not sent to it', async () => {
    await site.client.publish('early', { data: 1 });
    const { path } = await endpoint(['message.published'], { channels: ['early'] });
    await site.client.publish('early', { data: 2 });
    const [one] = await arrived(path, 1);
    expect(eventOf(one!).data).toMatchObject({ data: 2 });
  });

  test('with order, a channel’s messages arrive in their order', async () => {
    const { path } = await endpoint(['message.published'], { channels: ['row'], ordered: true });
    const data = Array.from({ length: 12 }, (_, n) => ({ data: n }));
    await site.client.publish('row', data);
    const all = await arrived(path, 12);
    expect(all.map((one) => eventOf(one).data['data'])).toEqual(data.map((one) => one.data));
  });

  test('who comes to a channel, and that somebody receives from it, is told', async () => {
    const { path } = await endpoint(['presence.changed', 'channel.occupied'], {
      channels: ['hall'],
    });
    const put = await site.client.ask('/v1/channels/hall/presence/alice', {
      method: 'PUT',
      json: { data: { mood: 'good' } },
    });
    succeeded(put, 200);
    const hold = site.client.hold('hall', { wait: 60 });
    const both = await arrived(path, 2);
    const byType = new Map(both.map((one) => [eventOf(one).type, eventOf(one).data]));
    expect(byType.get('presence.changed')).toMatchObject({
      channel: 'hall',
      joined: [{ clientId: 'alice', data: { mood: 'good' } }],
    });
    expect(byType.get('channel.occupied')).toEqual({ channel: 'hall' });
    await site.client.publish('hall', { data: 'end' });
    await hold.reply;
  });

  test('delivery and the control plane are killed while messages come: each arrives at least once, one id each', async () => {
    const { path } = await endpoint(['message.published'], { channels: ['storm'] });
    for (let n = 0; n < 20; n++) {
      await site.client.publish('storm', { data: n });
      if (n === 10) process.kill(site.holdline.apiPid(), 'SIGKILL');
    }
    process.kill(site.holdline.deliveryPid(), 'SIGKILL');
    const seen = () => new Map(at(path).map((one) => [eventOf(one).data['data'], one]));
    await eventually('all twenty have arrived', 50_000, () => seen().size === 20);
    const ids = new Map<unknown, Set<unknown>>();
    for (const one of at(path)) {
      const n = eventOf(one).data['data'];
      ids.set(n, (ids.get(n) ?? new Set()).add(one.headers['webhook-id']));
    }
    expect([...ids.values()].every((set) => set.size === 1)).toBe(true);
  });
});
