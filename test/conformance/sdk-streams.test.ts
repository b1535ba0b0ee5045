import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { startGatheringProxy, type GatheringProxy } from '../support/gathering-proxy.js';
import { loadSdk, type SdkClient, type SdkTransportChange } from '../support/sdk.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { useSharedHoldline } from '../support/shared-holdline.js';

/** docs/sdk.md: `transport`, by the SDK over a real server and over paths that are bad for streams. */
const site = useSharedHoldline();
const { Holdline } = await loadSdk();
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

interface Reading {
  readonly client: SdkClient;
  readonly data: unknown[];
  readonly gaps: unknown[];
  readonly changes: SdkTransportChange[];
}

async function read(
  channel: string,
  transport: 'stream' | 'auto',
  options: { url?: string; token?: string; authorize?: () => Promise<string> } = {},
): Promise<Reading> {
  const { url = site.client.url, ...given } = options;
  const credential = given.token || given.authorize ? given : { key: site.client.key };
  const client = new Holdline({ url, transport, ...credential });
  ended.push(() => client.close());
  client.on('error', () => undefined);
  const reading: Reading = { client, data: [], gaps: [], changes: [] };
  client.on('transport', (change) => reading.changes.push(change));
  client.channel(channel).on('gap', (gap) => reading.gaps.push(gap));
  client.channel(channel).subscribe(({ data }) => void reading.data.push(data));
  await client.channel(channel).ready();
  return reading;
}

const came = (reading: Reading, count: number): Promise<unknown> =>
  eventually(`${count} messages came`, 20_000, () => reading.data.length >= count);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a stream', () => {
  test('P2 P3 P4 over a line that breaks again and again: each message once, in order, no gap', async () => {
    const proxy = await startTcpProxy(site.client.url);
    ended.push(() => proxy.close());
    const reading = await read('breaks', 'stream', { url: proxy.url });
    let next = 0;
    for (let round = 0; round < 5; round++) {
      const messages = numbers(40).map(() => ({ data: next++ }));
      await site.client.publish('breaks', messages.slice(0, 20));
      await came(reading, next - 20);
      proxy.cut();
      await site.client.publish('breaks', messages.slice(20));
    }
    await came(reading, next);
    expect([reading.data, reading.gaps]).toEqual([numbers(next), []]);
  });

  test('P7 a revoked client’s stream ends within a second, and the client says why', async () => {
    const token = await site.client.token({ clientId: 'eve', ttl: 3600 });
    const { client, changes } = await read('revoked', 'stream', { token });
    await eventually('a stream is open', 5000, () => changes.length > 0);
    await site.owner.create(`/v1/apps/${site.holdline.appId}/revocations`, { clientId: 'eve' });
    await eventually('it is closed', 2000, () => client.state.state === 'closed');
    expect(client.state.reason).toMatchObject({ code: 'revoked' });
  });

  test('a token that ends is renewed, and reading goes on where it was', async () => {
    let made = 0;
    const authorize = (): Promise<string> => {
      made++;
      return site.client.token({ clientId: 'short', ttl: made === 1 ? 2 : 600 });
    };
    const reading = await read('renewed', 'stream', { authorize });
    await eventually('the first token is over', 10_000, () => made > 1);
    await site.client.publish(
      'renewed',
      numbers(3).map((data) => ({ data })),
    );
    await came(reading, 3);
    expect([reading.data, reading.gaps]).toEqual([[0, 1, 2], []]);
    expect(reading.changes).toEqual([{ transport: 'stream', reason: 'works' }]);
  });
});

describe('behind a proxy that gathers answers', () => {
  let proxy: GatheringProxy;
  beforeAll(async () => {
    proxy = await startGatheringProxy(site.client.url);
  });
  afterAll(() => proxy?.close());

  test.each(['stream', 'auto'] as const)(
    'P3 P4 %s goes back to held requests by itself, and no message is lost or doubled',
    async (transport) => {
      const reading = await read(`gathered-${transport}`, transport, { url: proxy.url });
      let next = 0;
      const publish = async (): Promise<void> => {
        await site.client.publish(`gathered-${transport}`, { data: next++ });
      };
      for (let i = 0; i < 50; i++) await publish();
      await eventually('it fell back', 15_000, async () => {
        await publish();
        return reading.changes.length > 0;
      });
      expect(reading.changes).toEqual([{ transport: 'hold', reason: 'buffered' }]);
      for (let i = 0; i < 50; i++) await publish();
      await came(reading, next);
      expect([reading.data, reading.gaps]).toEqual([numbers(next), []]);
    },
  );
});
