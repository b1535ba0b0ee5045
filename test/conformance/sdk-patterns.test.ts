import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { loadSdk, type SdkClient } from '../support/sdk.js';
import { useSharedHoldline } from '../support/shared-holdline.js';

/** docs/sdk.md: one test for each pattern, by the SDK over a real server. */
const site = useSharedHoldline();
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
    token: await site.client.token({
      clientId,
      capabilities: { '*': ['publish', 'subscribe', 'presence'] },
    }),
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

describe('a link', () => {
  test('P3 what one end sends the other gets once, both ways; its removal ends who reads there', async () => {
    const server = connect();
    await server.link('order-7').create({ b: { clientId: 'bob' } });
    const a = server.link('order-7').end('a');
    const b = (await as('bob')).link('order-7').end('b');
    const [atA, atB]: [unknown[], unknown[]] = [[], []];
    await a.send('before');
    b.subscribe(({ data }) => void atB.push(data), { from: 'start' });
    a.subscribe(({ data }) => void atA.push(data));
    await Promise.all([a.ready(), b.ready()]);
    await a.send('after');
    await b.send('back');
    await eventually('all came', 5000, () => atA.length === 1 && atB.length === 2);
    expect([atA, atB]).toEqual([['back'], ['before', 'after']]);
    const eve = (await as('eve')).link('order-7').end('b');
    await expect(eve.send('not mine')).rejects.toMatchObject({ code: 'forbidden' });
    await server.link('order-7').remove();
    await expect(a.send('gone')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('presence', () => {
  const watched = (client: SdkClient, channel: string): string[] => {
    const seen: string[] = [];
    client.channel(channel).presence.subscribe(({ action, clientId, data }) => {
      seen.push(`${action} ${clientId} ${JSON.stringify(data)}`);
    });
    return seen;
  };

  test('who was there, who comes, changes and goes; a leave is told at once', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')];
    await ann.channel('lobby').presence.enter({ mood: 'fine' });
    const seen = watched(bob, 'lobby');
    await eventually('bob sees ann', 5000, () => seen.length === 1);
    await bob.channel('lobby').presence.enter();
    await eventually('bob sees himself', 5000, () => seen.length === 2);
    await ann.channel('lobby').presence.update({ mood: 'better' });
    await eventually('bob sees the change', 5000, () => seen.length === 3);
    const members = await bob.channel('lobby').presence.members();
    expect(members.map(({ clientId }) => clientId)).toEqual(['ann', 'bob']);
    await ann.channel('lobby').presence.leave();
    await eventually('bob sees ann leave', 5000, () => seen.length === 4);
    expect(seen).toEqual([
      'present ann {"mood":"fine"}',
      'enter bob null',
      'update ann {"mood":"better"}',
      'leave ann {"mood":"better"}',
    ]);
  });

  test('a server says for others that they are there, and that they go', async () => {
    const server = connect();
    const { presence } = server.channel('devices');
    const seen = watched(await as('watcher'), 'devices');
    await presence.enterClient('sensor-1', { v: 1 });
    await eventually('it is seen', 5000, () => seen.length === 1);
    await presence.leaveClient('sensor-1');
    await eventually('it is seen to go', 5000, () => seen.length === 2);
    expect(seen.map((one) => one.split(' ')[0])).toEqual([
      expect.stringMatching(/enter|present/),
      'leave',
    ]);
  });

  test('without the right: told which is missing, and messages go on coming', async () => {
    const capabilities = { '*': ['publish', 'subscribe'] };
    const token = await site.client.token({ clientId: 'eve', capabilities });
    const eve = connect({ token });
    const data: unknown[] = [];
    eve.channel('closed').subscribe((message) => void data.push(message.data));
    await eve.channel('closed').ready();
    await expect(eve.channel('closed').presence.enter()).rejects.toMatchObject({
      code: 'forbidden',
      capability: { operation: 'presence', channel: 'closed' },
    });
    await eve.channel('closed').publish(1);
    await eventually('it came', 5000, () => data.length === 1);
  });
});

describe('filters, conflation, windows', () => {
  test('P4 only what is wanted comes, the newest of each in a window, and none of it is a gap', async () => {
    const room = connect().channel('prices');
    const tick = (symbol: string, data: number) => ({ name: 'tick', data, headers: { symbol } });
    const gaps: unknown[] = [];
    const [all, ticks, newest]: [unknown[], unknown[], unknown[]] = [[], [], []];
    room.on('gap', (gap) => gaps.push(gap));
    const filter = { names: ['tick'], headers: { symbol: ['A', 'B'] } };
    room.subscribe(({ data }) => void all.push(data));
    room.subscribe(({ data }) => void ticks.push(data), { filter });
    room.subscribe(({ data }) => void newest.push(data), {
      filter,
      conflate: 'symbol',
      window: 500,
    });
    await room.ready();
    for (let n = 0; n < 3; n++) {
      await site.client.publish('prices', [
        tick('A', n * 10 + 1),
        { name: 'news', data: n * 10 + 2 },
        tick('C', n * 10 + 3),
        tick('B', n * 10 + 4),
      ]);
    }
    await eventually('the last came', 5000, () => newest.includes(24) && ticks.includes(24));
    expect(all).toEqual([1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24]);
    expect(ticks).toEqual([1, 4, 11, 14, 21, 24]);
    expect(newest.length).toBeLessThan(ticks.length);
    expect(newest.slice(-2)).toEqual([21, 24]);
    expect(gaps).toEqual([]);
  });
});
