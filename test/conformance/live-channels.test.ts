import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ControlPlane } from '../support/control-plane.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { text } from '../support/delivery-client.js';
import { signal } from '../support/processes.js';
import { useHoldline } from '../support/use-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Protocol, "Control plane": `/v1/apps/{app}/channels` (live ones, with counts). */
const site = useHoldline();

interface Live {
  readonly name: string;
  readonly receivers: number;
  readonly members: number;
  readonly position: number;
}

async function live(query: Record<string, string | number> = {}) {
  const path = `/v1/apps/${site.holdline.appId}/channels${text(query)}`;
  const reply = await site.owner.ask(path);
  succeeded(reply, 200);
  return reply.json as { data: Live[]; hasMore: boolean };
}

describe('the live channels of an app', () => {
  test('are those that requests are held for, with how many, and the last position', async () => {
    const prefix = `live:${randomUUID()}:`;
    const { messages } = await site.client.publish(`${prefix}a`, { data: 1 });
    await site.client.publish(`${prefix}not-read`, { data: 1 });
    const held = [
      site.client.hold(`${prefix}a`),
      site.client.hold(`${prefix}a`),
      site.client.start(`/v1/messages${text({ channel: [`${prefix}a`, `${prefix}b`], wait: 30 })}`),
    ];
    await eventually('all three are held', 5000, async () =>
      (await live({ prefix })).data.some((one) => one.name === `${prefix}a` && one.receivers === 3),
    );
    expect(await live({ prefix })).toEqual({
      data: [
        { name: `${prefix}a`, receivers: 3, members: 0, position: messages[0]?.position },
        { name: `${prefix}b`, receivers: 1, members: 0, position: 0 },
      ],
      hasMore: false,
    });
    for (const one of held) one.abort();
    await eventually('nobody is held any more', 5000, async () =>
      (await live({ prefix })).data.every((one) => one.receivers === 0),
    );
  });

  test('are those with somebody present too, with how many', async () => {
    const channel = `here:${randomUUID()}`;
    const path = `/v1/channels/${encodeURIComponent(channel)}/presence`;
    for (const client of ['ann', 'bob'])
      succeeded(await site.client.ask(`${path}/${client}`, { method: 'PUT', json: {} }), 200);
    const mine = async () => (await live({ prefix: channel })).data;
    expect(await mine()).toMatchObject([{ name: channel, receivers: 0, members: 2 }]);
    for (const client of ['ann', 'bob'])
      await site.client.ask(`${path}/${client}`, { method: 'DELETE' });
    expect(await mine()).toEqual([]);
  });

  test('come in pages by name', async () => {
    const prefix = `pages:${randomUUID()}:`;
    const names = ['c', 'a', 'b'].map((one) => prefix + one);
    const held = site.client.start(`/v1/messages${text({ channel: names, wait: 30 })}`);
    await eventually('it is held', 5000, async () => (await live({ prefix })).data.length === 3);
    const first = await live({ prefix, limit: 2 });
    expect(first.data.map((one) => one.name)).toEqual([`${prefix}a`, `${prefix}b`]);
    expect(first.hasMore).toBe(true);
    const second = await live({ prefix, limit: 2, after: `${prefix}b` });
    expect(second.data.map((one) => one.name)).toEqual([`${prefix}c`]);
    expect(second.hasMore).toBe(false);
    held.abort();
  });

  test('P5: are not told to another tenant: the same answer as for an app that does not exist', async () => {
    const stranger = await ControlPlane.signUp(site.holdline.apiUrl);
    const theirs = await stranger.ask(`/v1/apps/${site.holdline.appId}/channels`);
    const nobodys = await stranger.ask('/v1/apps/app_00000000000000000000/channels');
    const { requestId: _one, ...mine } = refused(theirs, 404, 'not_found');
    const { requestId: _other, ...none } = refused(nobodys, 404, 'not_found');
    expect(mine).toEqual(none);
  });

  test('are refused as unavailable while delivery does not answer, and are there again when it does', async () => {
    const pid = site.holdline.deliveryPid();
    signal(pid, 'SIGSTOP');
    try {
      const reply = await site.owner.ask(`/v1/apps/${site.holdline.appId}/channels`);
      expect(refused(reply, 503, 'unavailable').detail).toContain('delivery');
    } finally {
      signal(pid, 'SIGCONT');
    }
    await live();
  }, 20_000);

  test('cannot be asked of delivery itself: to strangers there is nothing', async () => {
    for (const key of [undefined, site.holdline.apiKey]) {
      const reply = await ask(`${site.holdline.deliveryUrl}/internal/channels?app=x`, {
        ...(key && { key }),
      });
      refused(reply, 404, 'not_found');
    }
  });
});
