import { describe, expect, test } from '@jest/globals';
import { toBase64 } from './base64.js';
import type { Fault } from './testing/fake-holdline.js';
import { World } from './testing/world.js';
import type { Message, OutgoingMessage } from './types.js';

const json = (value: unknown, status = 200): Fault => ({
  kind: 'raw',
  status,
  text: JSON.stringify(value),
});
const SENT = { id: 'i', position: 1, delivered: 2, home: 'n1' };

describe('one client to another', () => {
  test('P1 send goes to the client’s inbox, and is tried again with the same id', async () => {
    const world = new World();
    const faults: Fault[] = [{ kind: 'answer-lost' }, { kind: 'unreachable' }];
    world.server.fault = () => faults.shift() ?? json(SENT, 202);
    const sending = world.holdline.client('ann/1').send({ x: 1 }, { name: 'hi' });
    await world.clock.advance(30_000);
    expect(await sending).toEqual(SENT);
    const bodies = world.server.seen.map(({ body }) => body as { id: string });
    expect(world.server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/clients/ann%2F1/messages',
      body: { data: { x: 1 }, name: 'hi' },
    });
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
  });

  test('home says where the client is, or that it is nowhere', async () => {
    const world = new World();
    const home = { clientId: 'ann', node: 'n1', since: '2026-01-01T00:00:00.000Z', holds: 1 };
    world.server.fault = () => json(home);
    expect(await world.holdline.client('ann').home()).toEqual(home);
    world.server.fault = () => ({ kind: 'problem', code: 'not_found' });
    expect(await world.holdline.client('ann').home()).toBeNull();
    world.server.fault = () => ({ kind: 'problem', code: 'forbidden' });
    await expect(world.holdline.client('ann').home()).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('the inbox is read by the one held request of the page, each message once', async () => {
    const world = new World();
    const inbox: Message[] = [];
    world.publish('inbox:me', 'kept');
    world.holdline.inbox.subscribe((message) => void inbox.push(message), { from: 'start' });
    const room = world.reader('room:1');
    await world.holdline.inbox.ready();
    await world.settle();
    expect(world.server.held.map(({ subscriptions }) => subscriptions)).toEqual([
      [{ channels: ['room:1'], inbox: true }],
    ]);
    world.publish('inbox:me', 'direct');
    world.publish('room:1', 'public');
    await world.settle();
    expect(inbox.map(({ channel, data }) => [channel, data])).toEqual([
      ['inbox:me', 'kept'],
      ['inbox:me', 'direct'],
    ]);
    expect(room.data).toEqual(['public']);
    expect(world.errors).toEqual([]);
    world.holdline.close();
  });
});

describe('request and reply', () => {
  const reply = { id: 'r', data: 42 };

  test('request resolves with the reply; a lost line is asked again with the same id', async () => {
    const world = new World();
    const faults: Fault[] = [{ kind: 'answer-lost' }];
    world.server.fault = () => faults.shift() ?? json({ reply, request: { id: 'q', position: 1 } });
    const asking = world.holdline.channel('math').request({ x: 1 }, { name: 'double', wait: 20 });
    await world.clock.advance(5000);
    expect(await asking).toEqual(reply);
    const [first, second] = world.server.seen;
    expect(first).toMatchObject({
      method: 'POST',
      path: '/v1/channels/math/requests?wait=20',
      body: { data: { x: 1 }, name: 'double' },
    });
    expect(second?.body).toEqual(first?.body);
  });

  test('that nobody replied is final', async () => {
    const world = new World();
    world.server.fault = () => ({ kind: 'problem', code: 'no_reply' });
    await expect(world.holdline.channel('math').request(1)).rejects.toMatchObject({
      code: 'no_reply',
      status: 504,
      ids: [expect.any(String)],
    });
    expect(world.server.seen).toHaveLength(1);
  });

  test('reply goes to the address of the request; a message without one is refused in words', async () => {
    const world = new World();
    world.server.fault = () => json({ id: 'r', position: 2 }, 202);
    const room = world.holdline.channel('math');
    await room.reply({ replyTo: 'addr' } as Message, 42, { name: 'result' });
    expect(world.server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/replies/addr',
      body: { data: 42, name: 'result' },
    });
    await expect(room.reply({} as Message, 1)).rejects.toMatchObject({ code: 'invalid_use' });
  });

  test('on an encrypted channel both are encrypted', async () => {
    const world = new World();
    const keys = { k1: toBase64(new Uint8Array(32)) };
    const room = world.holdline.channel('math', { encryption: { keys, current: 'k1' } });
    world.server.fault = () => json({ id: 'r', position: 2 }, 202);
    await room.reply({ replyTo: 'addr' } as Message, 'canary');
    const sealed = world.server.seen[0]?.body as OutgoingMessage;
    expect(JSON.stringify(sealed)).not.toContain('canary');
    world.server.fault = () => json({ reply: { ...sealed, channel: 'math' } });
    expect(await room.request('canary')).toMatchObject({ data: 'canary' });
    expect(JSON.stringify(world.server.seen)).not.toContain('canary');
  });
});
