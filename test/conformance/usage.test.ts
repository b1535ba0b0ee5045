import { describe, expect, test } from '@jest/globals';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';

/** P6 from outside: what GET /v1/usage says is what was published, handed out and held. */
const site = useHoldline();

type Totals = Record<string, number>;

async function tenant() {
  const { apiUrl, deliveryUrl } = site.holdline;
  const owner = await ControlPlane.signUp(apiUrl);
  const [app] = await owner.list<{ id: string }>('/v1/apps');
  const made = await owner.create<{ id: string; key: string }>(`/v1/apps/${app!.id}/keys`, {
    capabilities: { '*': ['*'] },
  });
  const client = await new DeliveryClient(deliveryUrl, made.key).known();
  const totals = async () => {
    const { json } = await owner.ask('/v1/usage?granularity=total');
    return (json as { total: Totals }).total;
  };
  const settled = (expected: Totals) =>
    eventually('usage says so', 15_000, async () => {
      const total = await totals();
      return Object.entries(expected).every(([meter, units]) => total[meter] === units) && total;
    });
  return { owner, appId: app!.id, keyId: made.id, client, totals, settled };
}

describe('GET /v1/usage', () => {
  test('P6: arrays, repeated ids, refused and direct messages, and every way to receive, to the unit', async () => {
    const { client, settled, owner, keyId } = await tenant();
    const hold = client.hold('room:1');
    await client.settle();
    await client.publish('room:1', [{ data: 1, id: 'a' }, { data: 2 }]);
    expect((await hold.reply).status).toBe(200);
    await client.publish('room:1', { data: 1, id: 'a' });
    await client.tryPublish('room:1', { data: 1, ifPosition: 999_999 });
    await client.tryPublish('room:1', { nonsense: true });
    await client.ask('/v1/clients/bob/messages', { json: { data: 'hi' } });
    await client.receive('room:1', { from: 'start' });
    await client.ask('/v1/messages', {
      json: {
        messages: [
          { channel: 'x', data: 1 },
          { channel: 'y', data: 2 },
        ],
      },
    });
    await client.ask('/v1/channels/jobs/groups/g', { method: 'PUT', json: {} });
    await client.publish('jobs', [{ data: 1 }, { data: 2 }, { data: 3 }]);
    await client.ask('/v1/channels/jobs/groups/g/messages?wait=5');
    const total = await settled({
      messages_published: 7,
      messages_delivered: 2 + 2 + 3,
      direct_messages: 1,
    });
    expect(total['peak_holds']).toBeGreaterThanOrEqual(1);
    expect(total['held_minutes']).toBeGreaterThan(0);

    const { json } = await owner.ask('/v1/usage?granularity=total&groupBy=key');
    expect(json).toMatchObject({ data: [{ key: keyId, usage: { messages_published: 7 } }] });
    const byChannel = await owner.ask('/v1/usage?granularity=total&groupBy=namespace,channel');
    const rows = (byChannel.json as { data: { channel: string; usage: Totals }[] }).data;
    const published = Object.fromEntries(
      rows.map(({ channel, usage }) => [channel, usage['messages_published']]),
    );
    expect(published).toEqual({ 'room:1': 2, x: 1, y: 1, jobs: 3, 'inbox:bob': 0 });
  });

  test('P6: what a client with a name is handed again at a place is free', async () => {
    const { client, settled } = await tenant();
    const token = await client.token({ clientId: 'ann' });
    const ann = client.as(token);
    const start = await ann.now('news');
    await client.publish('news', [{ data: 1 }, { data: 2 }]);
    for (let again = 0; again < 3; again++) await ann.receive('news', { cursor: start });
    await settled({ messages_published: 2, messages_delivered: 2 });
    const nameless = await client.now('news');
    await client.publish('news', { data: 3 });
    for (let again = 0; again < 2; again++) await client.receive('news', { cursor: nameless });
    await settled({ messages_published: 3, messages_delivered: 4 });
  });

  test('P6: streams and sockets count what they hand out', async () => {
    const { client, settled } = await tenant();
    await client.publish('feed', [{ data: 1 }, { data: 2 }]);
    const url = `${site.holdline.deliveryUrl}/v1/channels/feed/messages?from=start`;
    for (const accept of ['text/event-stream', 'application/x-ndjson']) {
      const stop = new AbortController();
      const answer = await fetch(url, {
        headers: { accept, authorization: `Bearer ${client.key}` },
        signal: stop.signal,
      });
      const reader = answer.body!.getReader();
      let text = '';
      while (!text.includes('"data":2')) {
        const { value } = await reader.read();
        text += Buffer.from(value!).toString();
      }
      stop.abort();
    }
    await settled({ messages_published: 2, messages_delivered: 4 });
  });

  test('P5: another tenant sees none of it, and asking needs a credential', async () => {
    const { appId } = await tenant();
    const other = await tenant();
    expect((await other.totals())['messages_published']).toBe(0);
    expect((await other.owner.ask(`/v1/usage?app=${appId}`)).status).toBe(404);
    expect((await ask(`${site.holdline.apiUrl}/v1/usage`)).status).toBe(401);
  });
});
