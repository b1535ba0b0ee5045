import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DeliveryClient } from '../support/delivery-client.js';
import { ask, start } from '../support/http-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { received, refused } from '../support/wire.js';

/** Protocol, "Receive": POST /v1/poll with channels of several apps, a token each. */
const site = useSharedHoldline();

interface Party {
  readonly app: string;
  readonly client: DeliveryClient;
  readonly token: string;
}
const parties: Party[] = [];

beforeAll(async () => {
  for (const name of ['first', 'second']) {
    const app = await site.owner.createApp(name);
    const client = await site.client.as((await site.owner.createKey(app)).key).known();
    parties.push({ app, client, token: await client.token({ clientId: name }) });
  }
});

const party = (n: number) => parties[n] as Party;
const both = (...channels: string[]) => parties.map(({ token }) => ({ token, channels }));
const poll = (json: Record<string, unknown>) =>
  ask(`${site.client.url}/v1/poll`, { json: { wait: 0, ...json } });

describe('one held request for several apps', () => {
  test('is answered by a message of either, which names its app', async () => {
    for (const { app, client } of parties) {
      const held = start(`${site.client.url}/v1/poll`, {
        json: { subscriptions: both('shared'), wait: 30 },
      });
      await site.client.settle();
      await client.publish('shared', { data: app });
      const answer = received(await held.reply);
      expect(answer.messages.map((one) => [one.app, one.channel, one.data])).toEqual([
        [app, 'shared', app],
      ]);
      expect(Object.keys(answer.channels).sort()).toEqual(
        parties.map((one) => `${one.app}/shared`).sort(),
      );
    }
  });

  test('P3, P4: one cursor resumes all of them, without loss or repeat', async () => {
    const subscriptions = parties.map(({ token }, n) => ({ token, channels: [`own-${n}`] }));
    let cursor = received(await poll({ subscriptions })).cursor;
    const got: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      for (const [n, { client }] of parties.entries())
        await client.publish(`own-${n}`, { data: `${round}.${n}` });
      const answer = received(await poll({ subscriptions, cursor }));
      got.push(...answer.messages.map((one) => one.data).sort());
      cursor = answer.cursor;
    }
    expect(got).toEqual([0, 1, 2, 3, 4].flatMap((round) => [`${round}.0`, `${round}.1`]));
  });

  test('P5: a channel of the same name in the other app is another channel', async () => {
    const cursor = received(
      await poll({ subscriptions: [{ token: party(0).token, channels: ['twin'] }] }),
    ).cursor;
    await party(1).client.publish('twin', { data: 'not yours' });
    const answer = received(
      await poll({ subscriptions: [{ token: party(0).token, channels: ['twin'] }], cursor }),
    );
    expect(answer.messages).toEqual([]);
  });

  test('the Authorization header serves those that bring no token', async () => {
    const { client, token } = party(0);
    const subscriptions = [{ channels: ['mixed'] }, { token: party(1).token, channels: ['mixed'] }];
    const reply = await ask(`${site.client.url}/v1/poll`, {
      key: token,
      json: { subscriptions, wait: 0, from: 'start' },
    });
    received(reply);
    refused(await poll({ subscriptions }), 401, 'unauthenticated');
    await client.receive('mixed');
  });

  test('one bad token refuses the request and says which', async () => {
    const subscriptions = [...both('x'), { token: 'not-a-token', channels: ['x'] }];
    expect(refused(await poll({ subscriptions }), 401, 'unauthenticated').detail).toMatch(/3/);
  });

  test('the cursor may stand in the URL, as Link has it', async () => {
    const subscriptions = both('linked');
    const first = await poll({ subscriptions });
    received(first);
    await party(0).client.publish('linked', { data: 1 });
    const target = /<([^>]+)>; ?rel="?next"?/.exec(String(first.headers['link']))?.[1] as string;
    const next = await ask(new URL(target, `${site.client.url}/v1/poll`).href, {
      json: { subscriptions, wait: 0 },
    });
    expect(received(next).messages.map((one) => one.data)).toEqual([1]);
  });

  const faulty: [string, Record<string, unknown>][] = [
    ['no subscriptions', {}],
    ['an empty list', { subscriptions: [] }],
    ['a subscription without channels', { subscriptions: [{ channels: [] }] }],
    ['an unknown member', { subscriptions: [{ channels: ['a'] }], waiting: 1 }],
    ['a wait beyond the limit', { subscriptions: [{ channels: ['a'] }], wait: 301 }],
    ['a wait that is no number', { subscriptions: [{ channels: ['a'] }], wait: '5' }],
    [
      'too many channels',
      { subscriptions: [{ channels: Array.from({ length: 501 }, (_, n) => `c${n}`) }] },
    ],
    ['a channel that is none', { subscriptions: [{ channels: ['a\u0000'] }] }],
  ];
  test.each(faulty)('with %s it is refused', async (_what, json) => {
    const reply = await ask(`${site.client.url}/v1/poll`, {
      key: party(0).token,
      json: { wait: 0, ...json },
    });
    refused(reply, 400, 'invalid_request');
  });

  test('500 channels in one poll, and the cursor still fits a header', async () => {
    const channels = Array.from({ length: 500 }, (_, n) => `many:${n}`);
    const subscriptions = [{ token: party(0).token, channels }];
    const first = received(await poll({ subscriptions }));
    expect(Buffer.byteLength(first.cursor)).toBeLessThan(8192);
    await party(0).client.publish('many:499', { data: 'x' });
    expect(received(await poll({ subscriptions, cursor: first.cursor })).messages).toHaveLength(1);
  });
});
