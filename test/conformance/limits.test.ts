import { beforeAll, describe, expect, test } from '@jest/globals';
import { ControlPlane, cookieOf } from '../support/control-plane.js';
import type { DeliveryClient } from '../support/delivery-client.js';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { received, refused, succeeded } from '../support/wire.js';

/** P8 and P5: a plan's limits refuse with their facts, and touch nobody else. */
const site = useHoldline();
const HOLDS = 3;
const RATE = 5;
let client: DeliveryClient;

beforeAll(async () => {
  const tenant = await ControlPlane.signUp(site.holdline.apiUrl, 'Limited');
  const app = await tenant.createApp('limited');
  client = site.client.as((await tenant.createKey(app)).key);
  const me = (await tenant.ask('/v1/me')).json as { tenant: { id: string } };
  const { email, password } = site.holdline.demo.operator;
  const login = await ask(`${site.holdline.apiUrl}/v1/operator/login`, {
    json: { email, password },
  });
  succeeded(login, 200);
  const patched = await ask(`${site.holdline.apiUrl}/v1/operator/tenants/${me.tenant.id}`, {
    method: 'PATCH',
    json: { limits: { holds_key: HOLDS, publishes_per_second_key: RATE } },
    headers: { cookie: cookieOf(login), origin: site.holdline.apiUrl },
  });
  succeeded(patched, 200);
  // Delivery learns of it within a second: until then a fourth hold would be taken.
  await eventually('the limits have come into force', 5000, async () => {
    const holds = Array.from({ length: HOLDS + 1 }, () => client.hold('probe', { wait: 2 }));
    const statuses = await Promise.all(holds.map(async (hold) => (await hold.reply).status));
    return statuses.includes(429);
  });
}, 120_000);

describe('holds per key', () => {
  test('P8: one too many is 429 and says which limit, how full, and when to come back', async () => {
    const holds = Array.from({ length: HOLDS }, () => client.hold('full'));
    await site.client.settle();
    const reply = await client.ask(channelPath('full', { wait: 5 }));
    const { limit } = refused(reply, 429, 'rate_limited');
    expect(limit).toMatchObject({ max: HOLDS, used: HOLDS, scope: expect.stringMatching(/key/) });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    // P5: the limit is this key's alone.
    await site.client.receive('full');
    // One that ends makes room for another.
    holds[0]?.abort();
    const next = await eventually('a place is free', 5000, async () => {
      const hold = client.hold('full', { wait: 0 });
      const answer = await hold.reply;
      return answer.status === 200 && answer;
    });
    received(next);
    for (const hold of holds) hold.abort();
  });

  test('an answered hold gives its place back, on every way it can end', async () => {
    for (let round = 0; round < 4; round++) {
      const holds = Array.from({ length: HOLDS }, () =>
        client.hold('round', { wait: round === 1 ? 1 : 30 }),
      );
      await site.client.settle();
      if (round === 0) await site.client.as(client.key).tryPublish('round', { data: 1 });
      if (round === 2) for (const hold of holds) hold.abort();
      if (round === 3)
        refused(await client.ask(channelPath('round', { wait: 5 })), 429, 'rate_limited');
      if (round < 2) for (const hold of holds) received(await hold.reply);
      for (const hold of holds) hold.abort();
      await eventually('all places are free', 5000, async () => {
        const probe = Array.from({ length: HOLDS }, () => client.hold('round', { wait: 0 }));
        const statuses = await Promise.all(probe.map(async (hold) => (await hold.reply).status));
        return statuses.every((status) => status === 200);
      });
    }
  });
});

describe('publishes per second and key', () => {
  test('P8: too many are 429 with the facts, nothing of them is stored, and after Retry-After it goes on', async () => {
    const replies = await Promise.all(
      Array.from({ length: 4 * RATE }, (_, n) => client.tryPublish('fast', { data: n })),
    );
    const refusals = replies.filter((reply) => reply.status !== 201);
    expect(refusals.length).toBeGreaterThan(0);
    let seconds = 0;
    for (const reply of refusals) {
      const { limit } = refused(reply, 429, 'rate_limited');
      expect(limit).toMatchObject({
        max: RATE,
        scope: expect.stringMatching(/key/),
        resetAt: expect.stringMatching(/Z$/),
      });
      expect(limit?.used).toBeLessThanOrEqual(RATE);
      seconds = Math.max(seconds, Number(reply.headers['retry-after']));
    }
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(5);
    expect((await client.history('fast')).messages).toHaveLength(replies.length - refusals.length);
    await client.receive('clock', { wait: seconds });
    await client.publish('fast', { data: 'later' });
  });

  test('P5: another tenant publishes on at full speed meanwhile', async () => {
    const mine = Promise.all(
      Array.from({ length: 30 }, (_, n) => client.tryPublish('flood', { data: n })),
    );
    const theirs = await Promise.all(
      Array.from({ length: 30 }, (_, n) => site.client.tryPublish('calm', { data: n })),
    );
    expect(theirs.every((reply) => reply.status === 201)).toBe(true);
    expect((await mine).some((reply) => reply.status === 429)).toBe(true);
  });
});
