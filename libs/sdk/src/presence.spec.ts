import { afterEach, describe, expect, test } from '@jest/globals';
import type { HoldlineOptions } from './client.js';
import { FakePresence } from './testing/fake-presence.js';
import { World } from './testing/world.js';

/** A client token of `me`; nobody checks its signature here. */
const TOKEN = `e30.${btoa(JSON.stringify({ clientId: 'me' }))}.x`;

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.holdline.close();
});

function open(options: Partial<HoldlineOptions> = {}) {
  const server = new FakePresence('room');
  const world = new World({ token: TOKEN, fetch: server.fetch, ...options });
  worlds.push(world);
  const { presence } = world.holdline.channel('room');
  const seen: string[] = [];
  const watch = (): (() => void) =>
    presence.subscribe(({ action, clientId, data }) => {
      seen.push([action, clientId, ...(data === null ? [] : [JSON.stringify(data)])].join(' '));
    });
  return { server, world, presence, seen, watch };
}

const forbidden = (channel: string) => ({
  status: 403,
  body: { code: 'forbidden', detail: 'no', capability: { operation: 'presence', channel } },
});

describe('being there', () => {
  test('enter resolves when the server knows; the held poll is the heartbeat, and brings no messages', async () => {
    const { server, world, presence } = open();
    await presence.enter({ mood: 'fine' });
    expect(server.members.get('me')?.data).toEqual({ mood: 'fine' });
    await world.settle();
    expect(server.polls).toEqual([
      {
        subscriptions: [{ channels: ['room'] }],
        presence: { room: { mood: 'fine' } },
        filter: { names: [expect.any(String)] },
        wait: 0,
      },
      expect.objectContaining({ presence: { room: { mood: 'fine' } }, wait: 55 }),
    ]);
    expect(server.holds).toBe(1);
  });

  test('update replaces the data; leave goes at once, and nothing says that it is there any more', async () => {
    const { server, world, presence } = open();
    await presence.enter(1);
    await presence.update(2);
    expect(server.members.get('me')?.data).toBe(2);
    await presence.leave();
    await world.clock.advance(600_000);
    expect(server.members.size).toBe(0);
    expect(server.others).toEqual(['DELETE /v1/channels/room/presence/me']);
    expect([server.holds, world.clock.pending]).toEqual([0, []]);
  });

  test('a refusal names the channel, ends that entry alone, and the others stay', async () => {
    const { server, world, presence } = open();
    await presence.enter(1);
    await world.settle();
    server.refusals.push(forbidden('secret'));
    await expect(world.holdline.channel('secret').presence.enter()).rejects.toMatchObject({
      code: 'forbidden',
      capability: { channel: 'secret' },
    });
    await world.settle();
    expect(server.polls.at(-1)).toMatchObject({ presence: { room: 1 }, wait: 55 });
    expect(world.errors).toEqual([]);
  });

  test('data that is too large rejects the call that brought it', async () => {
    const { server, world, presence } = open();
    await presence.enter('small');
    await world.settle();
    server.refusals.push({
      status: 413,
      body: { code: 'message_too_large', detail: '5000 bytes' },
    });
    await expect(world.holdline.channel('b').presence.enter('large')).rejects.toMatchObject({
      code: 'message_too_large',
    });
    await world.settle();
    expect(server.polls.at(-1)).toMatchObject({ presence: { room: 'small' } });
  });

  test('a line that is down is waited for; a client that closes gives up', async () => {
    const { server, world, presence } = open();
    server.refusals.push({ status: 503, body: { code: 'unavailable', detail: 'x' } });
    const entering = presence.enter();
    await world.clock.advance(1_000);
    await entering;
    server.refusals.push({ status: 503, body: { code: 'unavailable', detail: 'x' } });
    const never = presence.enter('again');
    never.catch(() => undefined);
    await world.settle();
    world.holdline.close();
    await expect(never).rejects.toMatchObject({ code: 'closed' });
    await world.settle();
    expect(world.clock.pending).toEqual([]);
  });

  test('P7 a revoked credential closes the client', async () => {
    const { server, world, presence } = open();
    server.refusals.push({ status: 401, body: { code: 'revoked', detail: 'x' } });
    await expect(presence.enter()).rejects.toMatchObject({ code: 'revoked' });
    expect(world.holdline.state).toMatchObject({ state: 'closed', reason: { code: 'revoked' } });
  });

  test('a server keeps others present, says so again before it ends, and lets them leave', async () => {
    const { server, world, presence } = open();
    await presence.enterClient('ann/1', { x: 1 });
    await world.clock.advance(61_000);
    await presence.leaveClient('ann/1');
    await world.clock.advance(600_000);
    const path = '/v1/channels/room/presence/ann%2F1';
    expect(server.others).toEqual([...Array(3).fill(`PUT ${path}`), `DELETE ${path}`]);
  });

  test('a credential that is no client cannot leave, and is told so', async () => {
    const { presence } = open({ token: 'hl_test_key' });
    await expect(presence.leave()).rejects.toMatchObject({ code: 'invalid_use' });
  });
});

describe('seeing who is there', () => {
  test('who was there first, then who comes, changes and goes, each once', async () => {
    const { server, world, seen, watch, presence } = open();
    server.put('ann');
    const stop = watch();
    await world.settle();
    server.put('bob', 1);
    await world.settle();
    server.put('bob', 2);
    server.remove('ann');
    await world.settle();
    expect(seen).toEqual(['present ann', 'enter bob 1', 'update bob 2', 'leave ann']);
    expect(await presence.members()).toMatchObject([{ clientId: 'bob', data: 2 }]);
    stop();
    await world.settle();
    expect([server.holds, world.clock.pending]).toEqual([0, []]);
  });

  test('P4 changes that were missed are made good by a new list', async () => {
    const { server, world, seen, watch } = open();
    server.put('ann');
    server.put('bob');
    watch();
    await world.settle();
    server.kept = server.version + 2;
    server.members.delete('ann');
    server.members.set('cec', { clientId: 'cec', data: null, since: '' });
    server.changes.push(server.changes[0]!);
    server.tell({});
    await world.settle();
    expect(seen).toEqual(['present ann', 'present bob', 'leave ann', 'enter cec']);
  });

  test('P4 a change whose predecessor is unknown is not believed: the list is read anew', async () => {
    const { server, world, seen, watch } = open();
    watch();
    await world.settle();
    server.members.set('ann', { clientId: 'ann', data: null, since: '' });
    const joined = [{ clientId: 'bob', data: null, since: '' }];
    server.tell({ joined, version: 9, previous: 8 });
    await world.settle();
    expect(seen).toEqual(['enter ann']);
  });

  test('after a restart of the server those who came back stay, and the others leave', async () => {
    const { server, world, seen, watch } = open();
    server.put('ann');
    server.put('bob');
    watch();
    await world.settle();
    server.tell({ reset: true, joined: [server.members.get('bob')!] });
    await world.settle();
    expect(seen.slice(2)).toEqual(['leave ann']);
  });

  test('a missing right is told on the channel, and messages go on', async () => {
    const { server, world, watch } = open();
    const refused: unknown[] = [];
    world.holdline.channel('room').on('error', (error) => refused.push(error));
    server.refusals.push(forbidden('room'));
    watch();
    await world.settle();
    expect(refused).toMatchObject([{ code: 'forbidden', capability: { operation: 'presence' } }]);
    expect(world.holdline.state.state).not.toBe('closed');
    expect([server.holds, world.clock.pending]).toEqual([0, []]);
  });
});
