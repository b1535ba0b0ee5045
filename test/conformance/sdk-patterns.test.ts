import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { loadSdk, type SdkClient } from '../support/sdk.js';
import { useHoldline } from '../support/use-holdline.js';

/** docs/sdk.md: inbox, direct messages, request and reply, groups, by the SDK over a real server. */
const site = useHoldline();
const { Holdline } = await loadSdk();

const clients: SdkClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function connect(credential: { key?: string; token?: string } = { key: site.client.key }) {
  const client = new Holdline({ url: site.client.url, ...credential });
  clients.push(client);
  return client;
}

const as = async (clientId: string): Promise<SdkClient> =>
  connect({
    token: await site.client.token({ clientId, capabilities: { '*': ['publish', 'subscribe'] } }),
  });

describe('direct messages', () => {
  test('P3 the inbox gets what was sent before and after it was opened, once, with the page’s channels', async () => {
    const server = connect();
    await server.client('ann').send('while away');
    const ann = await as('ann');
    const data: unknown[] = [];
    ann.inbox.subscribe((message) => void data.push(message.data), { from: 'start' });
    ann.channel('room').subscribe((message) => void data.push(message.data));
    await ann.inbox.ready();
    await ann.channel('room').ready();
    await eventually('ann is held', 5000, async () => {
      const { delivered, home } = await server.client('ann').send('direct');
      return delivered === 1 && home !== null;
    });
    await server.channel('room').publish('public');
    await eventually('all came', 5000, () => data.includes('public'));
    expect(data.filter((one) => one !== 'direct')).toEqual(['while away', 'public']);
    expect(await server.client('ann').home()).toMatchObject({ clientId: 'ann' });
    expect(await server.client('nobody').home()).toBeNull();
  });
});

describe('request and reply', () => {
  test('a subscriber’s reply answers the request; on an encrypted channel both are sealed', async () => {
    const encryption = {
      keys: { k1: randomBytes(32).toString('base64') },
      current: 'k1',
    };
    for (const options of [{}, { encryption }]) {
      const name = `math:${Object.keys(options).length}`;
      const room = connect().channel(name, options);
      const replies: Promise<void>[] = [];
      room.subscribe((message) => {
        if (message.replyTo) replies.push(room.reply(message, Number(message.data) * 2));
      });
      await room.ready();
      const reply = await connect().channel(name, options).request(21, { wait: 10 });
      expect(reply.data).toBe(42);
      await Promise.all(replies);
    }
  });

  test('nobody there: no_reply', async () => {
    const asking = connect().channel('math:nobody').request(1, { wait: 1 });
    await expect(asking).rejects.toMatchObject({ code: 'no_reply' });
  });
});

describe('a group', () => {
  test('each message goes to one member; one that throws comes again', async () => {
    const jobs = connect().channel('jobs');
    await jobs.group('workers').create({ from: 'now' });
    await jobs.group('workers').create({ from: 'now' });
    const seen: [string, unknown, number][] = [];
    const stops = ['a', 'b'].map((member) =>
      connect()
        .channel('jobs')
        .group('workers')
        .consume(({ data, attempt }) => {
          seen.push([member, data, attempt]);
          if (data === 3 && attempt === 1) throw new Error('once more');
        }),
    );
    for (const client of clients) client.on('error', () => undefined);
    for (let n = 0; n < 10; n++) await jobs.publish(n);
    await eventually('all are handled', 10_000, () => seen.length === 11);
    await Promise.all(stops.map((stop) => stop()));
    const handled = seen.filter(([, data, attempt]) => !(data === 3 && attempt === 1));
    expect(handled.map(([, data]) => data).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seen.filter(([, data]) => data === 3).map(([, , attempt]) => attempt)).toEqual([1, 2]);
  });
});
