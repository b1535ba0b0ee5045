import { beforeAll, describe, expect, test } from '@jest/globals';
import { ControlPlane } from '../support/control-plane.js';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { joinedIn, leftIn, PresenceClient, watched } from '../support/presence.js';
import { useHoldline } from '../support/use-holdline.js';
import { received, refused, succeeded } from '../support/wire.js';

/** Protocol, "Presence": who is there, and who is told of it. Rights and faults: presence-rights; the grace: presence-grace. */
const site = useHoldline();
const at = (channel: string) => new PresenceClient(site.client, channel);
/** With a token of the client's own. */
const as = async (clientId: string, channel: string) =>
  new PresenceClient(site.client.as(await site.client.token({ clientId })), channel);

describe('PUT and DELETE', () => {
  test('who is put is listed with its data and since when, until it is deleted', async () => {
    const room = at('put');
    const before = Date.now();
    const put = await room.put('ann', { data: { mood: 'fine' } });
    expect(put).toMatchObject({ clientId: 'ann', data: { mood: 'fine' } });
    expect(Date.parse(put.expiresAt) - before).toBeGreaterThanOrEqual(60_000);
    expect(Date.parse(put.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
    expect(await room.list()).toMatchObject({
      members: [{ clientId: 'ann', data: { mood: 'fine' }, since: put.since }],
      count: 1,
    });
    await room.leave('ann');
    expect(await room.list()).toMatchObject({ members: [], count: 0 });
    await room.leave('ann');
  });

  test('put again: still since the first time, with the new data', async () => {
    const room = at('again');
    const first = await room.put('ann', { data: 1 });
    expect(await room.put('ann', { data: 2 })).toMatchObject({ since: first.since, data: 2 });
    expect(await room.put('ann')).toMatchObject({ since: first.since, data: null });
  });

  test('who is not put again leaves when its time is over', async () => {
    const room = at('expires');
    const cursor = await room.cursor();
    await room.put('ann', { ttl: 2 });
    await room.put('bob', { ttl: 300 });
    await room.until(cursor, (changes) => leftIn(changes).includes('ann'));
    expect(await room.ids()).toEqual(['bob']);
  });

  test('any name of a channel and of a client', async () => {
    const room = at('räume:1/a b?');
    await room.put('ä/ n?&#', { data: '"' });
    expect(await room.ids()).toEqual(['ä/ n?&#']);
    await room.leave('ä/ n?&#');
    expect(await room.ids()).toEqual([]);
  });
});

describe('presence in a poll', () => {
  test('the client is there as long as the poll is held, and is its own heartbeat', async () => {
    const ann = await as('ann', 'polled');
    const held = ann.poll({ seat: 4 });
    const { members } = await eventually('ann is there', 5000, async () => {
      const list = await at('polled').list();
      return list.count === 1 && list;
    });
    expect(members).toMatchObject([{ clientId: 'ann', data: { seat: 4 } }]);
    await site.client.publish('polled', { data: 'hello' });
    const answer = received(await held.reply);
    expect(answer.messages.map((one) => one.data)).toEqual(['hello']);
    expect(await at('polled').ids()).toEqual(['ann']);
  });

  test('changed data of the next poll is an update', async () => {
    const room = at('updates');
    const cursor = await room.cursor();
    const ann = await as('ann', 'updates');
    await ann.poll('red', { wait: 1 }).reply;
    await ann.poll('blue', { wait: 0 }).reply;
    const { changes } = await room.until(cursor, (told) =>
      told.some((one) => one.updated.length > 0),
    );
    expect(changes.flatMap((one) => one.updated)).toMatchObject([
      { clientId: 'ann', data: 'blue' },
    ]);
  });

  test('of several channels, in the subscription of each token', async () => {
    const tokens = await Promise.all(
      ['ann', 'bob'].map((clientId) => site.client.token({ clientId })),
    );
    const reply = await site.client.ask('/v1/poll', {
      json: {
        subscriptions: [
          { token: tokens[0], channels: ['left', 'both'] },
          { token: tokens[1], channels: ['both', 'right'] },
        ],
        presence: { left: 1, both: 2 },
        wait: 0,
      },
    });
    succeeded(reply, 200);
    expect(await at('left').ids()).toEqual(['ann']);
    expect(await at('both').ids()).toEqual(['ann', 'bob']);
    expect(await at('right').ids()).toEqual([]);
  });

  test('a poll that was refused leaves nobody behind', async () => {
    const ann = await as('ann', 'refused');
    refused(await ann.poll(null, { cursor: 'AAAA' }).reply, 400, 'invalid_cursor');
    expect(await at('refused').ids()).toEqual([]);
  });
});

describe('changes in a receive', () => {
  test('presence=true adds them among the messages; a receive without it is not disturbed', async () => {
    const room = at('told');
    const plain = site.client.hold('told', { wait: 2 });
    const cursor = await room.cursor();
    const held = room.watch({ cursor });
    await site.client.settle();
    await room.put('ann', { data: 7 });
    const answer = watched(await held.reply);
    expect(answer).toMatchObject({
      messages: [],
      timedOut: false,
      changes: [
        {
          channel: 'told',
          count: 1,
          joined: [{ clientId: 'ann', data: 7 }],
          left: [],
          updated: [],
        },
      ],
    });
    expect(received(await plain.reply).timedOut).toBe(true);
  });

  test('"presenceEvents": true in a poll does the same, also for the client’s own coming', async () => {
    const ann = await as('ann', 'told-poll');
    const answer = watched(await ann.poll('hi', { presenceEvents: true }).reply);
    expect(joinedIn(answer.changes)).toEqual(['ann']);
  });

  test('a change touches neither the chain of the messages nor the history', async () => {
    const room = at('chain');
    const cursor = await room.cursor();
    await site.client.publish('chain', { data: 1 });
    await room.put('ann');
    await room.until(cursor, (changes) => changes.length > 0);
    await site.client.publish('chain', { data: 2 });
    const answer = await site.client.receive('chain', { from: 'start' });
    expect(answer.messages.map((one) => one.data)).toEqual([1, 2]);
    const all = watched(await room.watch({ cursor }).reply);
    expect(all.messages.map((one) => one.data)).toEqual([1, 2]);
    expect(joinedIn(all.changes)).toEqual(['ann']);
    expect((await site.client.history('chain')).messages).toHaveLength(2);
  });

  test('a cursor resumes them: what happened between two polls is told in the next', async () => {
    const room = at('resumed');
    const cursor = await room.cursor();
    await room.put('ann');
    const first = await room.until(cursor, (changes) => joinedIn(changes).includes('ann'));
    await room.leave('ann');
    await room.put('bob');
    await room.until(first.cursor, (changes) => joinedIn(changes).includes('bob'));
    const again = watched(await room.watch({ cursor }).reply);
    expect(joinedIn(again.changes)).toEqual(['ann', 'bob']);
    expect(leftIn(again.changes)).toEqual(['ann']);
  });

  test('`from` says where messages begin; changes begin at now', async () => {
    const room = at('from');
    await site.client.publish('from', { data: 1 });
    await room.put('ann');
    await room.list();
    const answer = watched(await room.watch({ from: 'start' }).reply);
    expect(answer.messages.map((one) => one.data)).toEqual([1]);
    expect(answer.changes).toEqual([]);
    expect(answer.presence['from']?.to).toBe((await room.list()).version);
  });

  test('a list of any moment and the changes after its version give the truth', async () => {
    const room = at('truth');
    const lists: Awaited<ReturnType<typeof room.list>>[] = [];
    const cursor = await room.cursor();
    for (let i = 0; i < 30; i++) {
      if (i % 3 === 2) await room.leave(`c${(i * 7) % 5}`);
      else await room.put(`c${(i * 3) % 5}`, { data: i });
      if (i % 4 === 0) lists.push(await room.list());
      await site.client.receive('truth-clock', i % 10 === 9 ? { wait: 1 } : {});
    }
    await room.put('last');
    const { changes } = await room.until(cursor, (told) => joinedIn(told).includes('last'));
    const truth = (await room.list()).members;
    for (const list of lists) {
      const members = new Map(list.members.map((one) => [one.clientId, one]));
      for (const change of changes.filter((one) => one.version > list.version)) {
        for (const one of [...change.joined, ...change.updated]) members.set(one.clientId, one);
        for (const one of change.left) members.delete(one.clientId);
      }
      const result = [...members.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
      expect(result).toEqual(truth);
    }
  }, 60_000);

  test('a stream of events has them too', async () => {
    const room = at('stream');
    const { signal, ...stopper } = withSignal();
    const response = await fetch(
      `${site.client.url}${channelPath('stream', { presence: 'true' })}`,
      {
        headers: { authorization: `Bearer ${site.client.key}`, accept: 'application/x-ndjson' },
        signal,
      },
    );
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? '';
    await room.put('ann');
    while (!text.includes('"type":"presence"')) text += (await reader.read()).value ?? '';
    expect(text).toContain('"clientId":"ann"');
    stopper.stop();
  });
});

function withSignal() {
  const controller = new AbortController();
  return { signal: controller.signal, stop: () => controller.abort() };
}

describe('the list', () => {
  beforeAll(async () => {
    for (const id of ['e', 'b', 'd', 'a', 'c']) await at('pages').put(id, { data: id });
  });

  test('comes in pages: limit, after, and a Link to the next', async () => {
    const room = at('pages');
    const ids: string[] = [];
    let path: string | undefined = channelPath('pages', { limit: 2 }, 'presence');
    for (let pages = 0; path !== undefined; pages++) {
      expect(pages).toBeLessThan(3);
      const reply = await site.client.ask(path);
      succeeded(reply, 200);
      const { members, count } = reply.json as Awaited<ReturnType<typeof room.list>>;
      expect(count).toBe(5);
      ids.push(...members.map((one) => one.clientId));
      path = /<([^>]+)>; rel="next"/.exec(String(reply.headers['link'] ?? ''))?.[1];
    }
    expect(ids).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect((await room.list({ after: 'bb' })).members.map((one) => one.clientId)).toEqual([
      'c',
      'd',
      'e',
    ]);
  });
});

describe('P5: others', () => {
  test('of another tenant see nothing of it, and are not told', async () => {
    const other = await ControlPlane.signUp(site.holdline.apiUrl);
    const [app] = await other.list<{ id: string }>('/v1/apps');
    const { key } = await other.createKey(app!.id);
    const theirs = new PresenceClient(await site.client.as(key).known(), 'shared');
    const cursor = await theirs.cursor();
    await at('shared').put('ann');
    const told = await at('shared').list();
    expect(told.count).toBe(1);
    expect(await theirs.ids()).toEqual([]);
    expect(watched(await theirs.watch({ cursor, wait: 1 }).reply).timedOut).toBe(true);
    await theirs.leave('ann');
    expect(await at('shared').ids()).toEqual(['ann']);
  });
});

describe('a crowd', () => {
  test('300 come within a second: no watcher is answered more often than there are windows', async () => {
    const room = at('crowd');
    const cursor = await room.cursor();
    const began = performance.now();
    let isOver = false;
    const watchers = Array.from({ length: 30 }, async () => {
      let place = cursor;
      let answers = 0;
      const seen = new Set<string>();
      while (seen.size < 300) {
        const answer = watched(await room.watch({ cursor: place }).reply);
        answers += 1;
        place = answer.cursor;
        for (const id of joinedIn(answer.changes)) seen.add(id);
        expect(isOver).toBe(false);
      }
      return answers;
    });
    await site.client.settle();
    await Promise.all(Array.from({ length: 300 }, (_, i) => room.put(`c${i}`, { data: { i } })));
    const answers = await Promise.all(watchers);
    isOver = true;
    const windows = Math.ceil((performance.now() - began) / 250);
    expect(Math.max(...answers)).toBeLessThanOrEqual(windows + 1);
    expect((await room.list()).count).toBe(300);
  }, 60_000);
});

describe('a restart', () => {
  test('who polls is there again after its next poll; versions do not go back', async () => {
    const room = at('restart');
    await room.put('bob');
    const ann = await as('ann', 'restart');
    const held = ann.poll(1, { wait: 60 });
    const before = await eventually('both are there', 5000, async () => {
      const list = await room.list();
      return list.count === 2 && list.version > 0 && list;
    });
    const cursor = await room.cursor();
    await site.holdline.restart();
    await held.reply.catch(() => undefined);
    const after = ann.poll(2, { wait: 30 });
    const { changes } = await room.until(cursor, (told) => joinedIn(told).includes('ann'));
    expect(changes[0]!.version).toBeGreaterThan(before.version);
    expect(await room.list()).toMatchObject({ members: [{ clientId: 'ann', data: 2 }], count: 1 });
    after.abort();
  }, 60_000);
});
