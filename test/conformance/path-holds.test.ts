import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import type { Reply } from '../support/http-client.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { received } from '../support/wire.js';

/** Protocol, "Receive": where a path keeps cutting holds short, the server holds just short of the cut. */
const site = useSharedHoldline();
const CUT_MS = 2_000;
let proxy: TcpProxy;

beforeAll(async () => {
  proxy = await startTcpProxy(site.holdline.deliveryUrl);
});
afterEach(() => proxy.cut());
afterAll(() => proxy.close());

const holdOf = (reply: Reply) => {
  const [, seconds, reason] =
    /^([\d.]+); reason=(\w+)$/.exec(String(reply.headers['holdline-hold'])) ?? [];
  return { seconds: Number(seconds), reason };
};

/** An app of its own: what is learned of one app's path says nothing of another's. */
async function clientOfNewApp(): Promise<DeliveryClient> {
  const tenant = await ControlPlane.signUp(site.holdline.apiUrl, 'Path');
  const { key } = await tenant.createKey(await tenant.createApp('path'));
  const client = new DeliveryClient(site.holdline.deliveryUrl, key);
  return client.known();
}

/** Polls through the path as a client that knows nothing of it, until `rounds` polls have ended. */
async function poll(client: DeliveryClient, channel: string, cursor: string, rounds: number) {
  const through = new DeliveryClient(proxy.url, client.key);
  const answers: Reply[] = [];
  const data: unknown[] = [];
  let cuts = 0;
  for (let i = 0; i < rounds; i++) {
    try {
      const reply = await through.hold(channel, { cursor, wait: 55 }).reply;
      const answer = received(reply);
      answers.push(reply);
      data.push(...answer.messages.map((one) => one.data));
      cursor = answer.cursor;
    } catch {
      cuts += 1;
      // As a client that backs off: its next poll comes after the server saw the cut.
      await client.settle();
    }
  }
  return { cuts, answers, data, cursor };
}

describe('a path that cuts quiet connections', () => {
  test('cuts three holds and none after: they end just short of it, and say so', async () => {
    const client = await clientOfNewApp();
    const before = await client.now('quiet');
    proxy.cutIdleMs = CUT_MS;
    const { cuts, answers } = await poll(client, 'quiet', before, 7);
    expect(cuts).toBe(3);
    expect(answers).toHaveLength(4);
    for (const reply of answers) {
      const { seconds, reason } = holdOf(reply);
      expect(reason).toBe('path');
      expect(seconds).toBeGreaterThan((CUT_MS / 1000) * 0.8);
      expect(seconds).toBeLessThan(CUT_MS / 1000);
      expect(received(reply)).toMatchObject({ messages: [], timedOut: true });
    }
    // A hold that is shorter anyway is what it was asked to be.
    const short = await client.ask(`/v1/channels/quiet/messages?wait=1`);
    expect(holdOf(short)).toEqual({ seconds: 1, reason: 'asked' });
    const { text } = await client.ask('/metrics');
    expect(text).toMatch(/^holdline_paths [1-9]/m);
  }, 60_000);

  test('P3, P4: nothing is lost or doubled while it learns', async () => {
    const client = await clientOfNewApp();
    const cursor = await client.now('busy');
    proxy.cutIdleMs = CUT_MS;
    const sent: number[] = [];
    let reading = true;
    const writer = (async () => {
      for (let n = 0; reading; n++) {
        // The clock: a hold on a channel of its own. Sometimes shorter than the cut, sometimes longer.
        await client.receive('clock', { wait: [1, 3, 4][n % 3] as number });
        await client.publish('busy', { data: n });
        sent.push(n);
      }
    })();
    const seen = await poll(client, 'busy', cursor, 9);
    reading = false;
    await writer;
    const rest = await client.receive('busy', { cursor: seen.cursor });
    expect([...seen.data, ...rest.messages.map((one) => one.data)]).toEqual(sent);
  }, 60_000);

  test('P5: it is learned for that app alone', async () => {
    const learner = await clientOfNewApp();
    proxy.cutIdleMs = CUT_MS;
    await poll(learner, 'alone', await learner.now('alone'), 3);
    const other = await clientOfNewApp();
    const cursor = await other.now('alone');
    const held = new DeliveryClient(proxy.url, other.key).hold('alone', { cursor, wait: 55 });
    await other.settle();
    await other.publish('alone', { data: 1 });
    expect(holdOf(await held.reply)).toEqual({ seconds: 55, reason: 'asked' });
  }, 60_000);
});

test('clients that go away at random change nothing', async () => {
  const client = await clientOfNewApp();
  const cursor = await client.now('random');
  for (const wait of [1, 2, 1]) {
    const held = client.hold('random', { cursor, wait: 55 });
    await client.receive('clock', { wait });
    held.abort();
  }
  await client.settle();
  const held = client.hold('random', { cursor, wait: 54 });
  await client.settle();
  await client.publish('random', { data: 1 });
  expect(holdOf(await held.reply)).toEqual({ seconds: 54, reason: 'asked' });
}, 60_000);
