import { describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { useHoldline } from '../support/use-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Where a key may be used from. The tests stand behind a proxy of their own making: TRUST_PROXY. */
const site = useHoldline({ env: { TRUST_PROXY: 'true' } });
const INSIDE = '203.0.113.9';
const OUTSIDE = '198.51.100.7';

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const receive = (address: string, headers: Record<string, string> = {}, key = site.client.key) =>
  ask(site.holdline.deliveryUrl + channelPath('fenced', { wait: 0 }), {
    key,
    headers: { ...from(address).headers, ...headers },
  });

async function fencedKey(allowedIps = ['203.0.113.0/24', '2001:db8::/32']) {
  const made = await site.owner.createKey(site.holdline.appId, {
    allowedIps,
    capabilities: { '*': ['*', 'admin'] },
  });
  await eventually('the key is known', 5000, async () => {
    return (await receive(INSIDE, {}, made.key)).status !== 401;
  });
  return made;
}

describe('a key with allowedIps', () => {
  test('is taken from there, IPv6 too, and refused from elsewhere with the address', async () => {
    const { key } = await fencedKey();
    succeeded(await receive(INSIDE, {}, key), 200);
    succeeded(await receive('2001:db8::7', {}, key), 200);
    for (const address of [OUTSIDE, '2001:db9::7']) {
      const { detail } = refused(await receive(address, {}, key), 403, 'forbidden');
      expect(detail).toContain(address);
      expect(detail).toContain('allowedIps');
    }
  });

  test('what a client writes in front of the proxy’s address is not believed', async () => {
    const { key } = await fencedKey();
    refused(await receive(`${INSIDE}, ${OUTSIDE}`, {}, key), 403, 'forbidden');
    succeeded(await receive(`${OUTSIDE}, ${INSIDE}`, {}, key), 200);
    const forwarded = await ask(site.holdline.deliveryUrl + channelPath('fenced', { wait: 0 }), {
      key,
      headers: { forwarded: `for=${INSIDE};proto=https, for="[2001:db9::7]:4711"` },
    });
    expect(refused(forwarded, 403, 'forbidden').detail).toContain('2001:db9::7');
  });

  test('a publish that is refused stored nothing', async () => {
    const { key } = await fencedKey();
    const reply = await ask(site.holdline.deliveryUrl + channelPath('fenced:publish'), {
      key,
      json: { data: 1 },
      ...from(OUTSIDE),
    });
    refused(reply, 403, 'forbidden');
    expect((await site.client.history('fenced:publish')).messages).toEqual([]);
  });

  test('its tokens are held to the same, also as a subscription of a poll', async () => {
    const { key } = await fencedKey();
    const made = await ask(`${site.holdline.deliveryUrl}/v1/tokens`, {
      key,
      json: { clientId: 'c' },
      ...from(INSIDE),
    });
    succeeded(made, 201);
    const { token } = made.json as { token: string };
    succeeded(await receive(INSIDE, {}, token), 200);
    refused(await receive(OUTSIDE, {}, token), 403, 'forbidden');
    const poll = (address: string) =>
      ask(`${site.holdline.deliveryUrl}/v1/poll`, {
        json: { subscriptions: [{ token, channels: ['fenced'] }], wait: 0 },
        ...from(address),
      });
    succeeded(await poll(INSIDE), 200);
    refused(await poll(OUTSIDE), 403, 'forbidden');
  });

  test('the control plane holds it to the same', async () => {
    const { key } = await fencedKey();
    const apps = (address: string) =>
      ask(`${site.holdline.apiUrl}/v1/apps`, { key, ...from(address) });
    succeeded(await apps(INSIDE), 200);
    expect(refused(await apps(OUTSIDE), 403, 'forbidden').detail).toContain(OUTSIDE);
    const forwarded = await ask(`${site.holdline.apiUrl}/v1/apps`, {
      key,
      headers: { forwarded: `for=${INSIDE}` },
    });
    succeeded(forwarded, 200);
  });
});

test('failed logins are counted by the address that the proxy saw', async () => {
  const fail = (address: string) =>
    ask(`${site.holdline.apiUrl}/v1/login`, {
      json: { email: `${address}@example.com`, password: 'wrong wrong wrong' },
      ...from(address),
    });
  const statuses = new Set<number>();
  for (let i = 0; i < 60 && !statuses.has(429); i++) statuses.add((await fail(OUTSIDE)).status);
  expect(statuses).toContain(429);
  expect((await fail(INSIDE)).status).toBe(401);
}, 60_000);

describe('PATCH /v1/apps/{app}/keys/{key}', () => {
  test('changes the list within a second, and rotation keeps it', async () => {
    const { id, key } = await fencedKey([]);
    const path = `/v1/apps/${site.holdline.appId}/keys/${id}`;
    succeeded(await receive(OUTSIDE, {}, key), 200);
    const patched = await site.owner.ask(path, {
      method: 'PATCH',
      json: { allowedIps: ['203.0.113.0/24'], name: 'fenced' },
    });
    succeeded(patched, 200);
    expect(patched.json).toMatchObject({ id, name: 'fenced', allowedIps: ['203.0.113.0/24'] });
    await eventually('it is refused', 1000, async () => {
      return (await receive(OUTSIDE, {}, key)).status === 403;
    });
    succeeded(await receive(INSIDE, {}, key), 200);
    const rotated = await site.owner.ask(`${path}/rotate`, { json: { graceSeconds: 60 } });
    expect(rotated.json).toMatchObject({ allowedIps: ['203.0.113.0/24'] });
  });

  test.each([['not-an-address'], ['203.0.113.0/33'], ['203.0.113.0/24 '], ['10.0.0.0/8/8']])(
    'refuses %s and names the entry',
    async (entry) => {
      const { id } = await site.owner.createKey(site.holdline.appId);
      const reply = await site.owner.ask(`/v1/apps/${site.holdline.appId}/keys/${id}`, {
        method: 'PATCH',
        json: { allowedIps: [entry] },
      });
      expect(refused(reply, 400, 'invalid_request').detail).toContain('allowedIps/0');
    },
  );

  test('P5: another tenant’s key is not there', async () => {
    const path = `/v1/apps/app_000000000000000000/keys/000000000000`;
    const reply = await site.owner.ask(path, { method: 'PATCH', json: { allowedIps: [] } });
    refused(reply, 404, 'not_found');
  });
});
