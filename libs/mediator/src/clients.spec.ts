import { describe, expect, test } from '@jest/globals';
import { inboxOf } from '#contracts';
import { APP, Bench } from './testing/bench.js';
import type { ClientPageRequest, Subscription } from './types.js';

const as = (clientId: string, app = APP): { subscriptions: Subscription[] } => ({
  subscriptions: [
    {
      owner: { appId: app, keyId: 'key', clientId, tokenId: null, issuedAt: 0 },
      channels: ['room'],
    },
  ],
});
const list = (bench: Bench, wanted: Partial<ClientPageRequest> = {}) =>
  bench.mediator.clients({ app: APP, prefix: '', after: null, limit: 100, ...wanted });

describe('the clients of an app', () => {
  test('are those that hold, or did a moment ago, with their home and where their inbox ends', async () => {
    const bench = new Bench();
    const since = bench.clock.now();
    const { messages } = await bench.publish(inboxOf('bob'), 1);
    await bench.poll(as('bob'));
    await bench.poll(as('bob'));
    const ann = await bench.poll(as('ann'));
    ann.hold.cancel();
    const home = { node: bench.model.node, since };
    expect(await list(bench)).toEqual({
      clients: [
        { clientId: 'ann', ...home, holds: 0, inbox: 0 },
        { clientId: 'bob', ...home, holds: 2, inbox: messages[0]?.position },
      ],
      hasMore: false,
    });
    bench.clock.advance(9_000);
    bench.clock.advance(9_000);
    expect((await list(bench)).clients.map(({ clientId }) => clientId)).not.toContain('ann');
  });

  test('come in pages by their names, and by how these begin', async () => {
    const bench = new Bench();
    for (const name of ['bo', 'al', 'ali', 'cy']) await bench.poll(as(name));
    const names = async (wanted: Partial<ClientPageRequest>) => {
      const { clients, hasMore } = await list(bench, wanted);
      return [clients.map(({ clientId }) => clientId), hasMore];
    };
    expect(await names({ limit: 2 })).toEqual([['al', 'ali'], true]);
    expect(await names({ limit: 2, after: 'ali' })).toEqual([['bo', 'cy'], false]);
    expect(await names({ prefix: 'al' })).toEqual([['al', 'ali'], false]);
  });

  test('P5: are those of no other app', async () => {
    const bench = new Bench();
    await bench.poll(as('ann', 'app-2'));
    expect((await list(bench)).clients).toEqual([]);
  });
});
