import { describe, expect, test } from '@jest/globals';
import { channelPath, type DeliveryClient } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** P7: what is revoked stops within a second, held polls too. */
const site = useSharedHoldline();

/** Holds with each client, revokes, and expects every hold to end as `revoked` within a second. */
async function expectStopped(
  victims: DeliveryClient[],
  bystanders: DeliveryClient[],
  revoke: () => Promise<unknown>,
) {
  const held = victims.flatMap((client) => [0, 1, 2].map(() => client.hold('revocation')));
  const others = bystanders.map((client) => client.hold('revocation'));
  await site.client.settle();
  const began = performance.now();
  await revoke();
  for (const hold of held) {
    const reply = await hold.reply;
    refused(reply, 401, 'revoked');
    expect(reply.at - began).toBeLessThan(1500);
  }
  for (const client of victims) {
    refused(await client.tryPublish('revocation-publish', { data: 1 }), 401, 'revoked');
    refused(await client.ask(channelPath('revocation', { wait: 0 })), 401, 'revoked');
  }
  // Nobody else is touched.
  expect(others.map((hold) => hold.settled)).toEqual(others.map(() => false));
  for (const hold of others) hold.abort();
  for (const client of bystanders) await client.receive('revocation');
}

const appPath = () => `/v1/apps/${site.holdline.appId}`;
const newKey = async () => {
  const key = await site.owner.createKey(site.holdline.appId);
  const client = await site.client.as(key.key).known();
  return { ...key, client };
};

describe('P7: within a second, held polls too', () => {
  test('a key, and the tokens that it made', async () => {
    const { id, client } = await newKey();
    const token = client.as(await client.token({ clientId: 'x' }));
    const other = await newKey();
    await expectStopped([client, token], [other.client, site.client], async () => {
      succeeded(await site.owner.ask(`${appPath()}/keys/${id}`, { method: 'DELETE' }), 204);
    });
  }, 30_000);

  test('a key rotated without grace; its successor works', async () => {
    const { id, client } = await newKey();
    let next: DeliveryClient | undefined;
    await expectStopped([client], [site.client], async () => {
      const { key } = await site.owner.create<{ key: string }>(
        `${appPath()}/keys/${id}/rotate`,
        {},
      );
      next = site.client.as(key);
    });
    await next?.receive('revocation');
  }, 30_000);

  test('a key rotated with a grace of 3 s works until then, and its holds end then', async () => {
    const { id, client } = await newKey();
    const hold = client.hold('revocation');
    await site.client.settle();
    const began = performance.now();
    await site.owner.create(`${appPath()}/keys/${id}/rotate`, { graceSeconds: 3 });
    await client.publish('grace', { data: 1 });
    const reply = await hold.reply;
    refused(reply, 401, 'revoked');
    expect(reply.at - began).toBeGreaterThan(2500);
    expect(reply.at - began).toBeLessThan(4500);
    refused(await client.tryPublish('grace', { data: 2 }), 401, 'revoked');
  }, 30_000);

  test('a client: all its tokens, and no other client’s', async () => {
    const eve = [
      await site.client.token({ clientId: 'eve' }),
      await site.client.token({ clientId: 'eve' }),
    ];
    const ann = await site.client.token({ clientId: 'ann' });
    await expectStopped(
      eve.map((token) => site.client.as(token)),
      [site.client.as(ann), site.client],
      async () => {
        await site.owner.create(`${appPath()}/revocations`, { clientId: 'eve' });
      },
    );
  }, 30_000);

  test('one token by its jti, and no other of the same client', async () => {
    const [one, two] = [
      await site.client.token({ clientId: 'sam' }),
      await site.client.token({ clientId: 'sam' }),
    ];
    const claims = JSON.parse(Buffer.from(one.split('.')[1] as string, 'base64url').toString()) as {
      jti: string;
    };
    await expectStopped([site.client.as(one)], [site.client.as(two)], async () => {
      await site.owner.create(`${appPath()}/revocations`, { tokenId: claims.jti });
    });
  }, 30_000);

  test('an app: all its keys and tokens, and no other app’s', async () => {
    const app = await site.owner.createApp('doomed');
    const client = await site.client.as((await site.owner.createKey(app)).key).known();
    const token = client.as(await client.token({}));
    await expectStopped([client, token], [site.client], async () => {
      succeeded(await site.owner.ask(`/v1/apps/${app}`, { method: 'DELETE' }), 204);
    });
  }, 30_000);

  test('a poll of several apps ends when one of its tokens is revoked', async () => {
    const app = await site.owner.createApp('half');
    const client = await site.client.as((await site.owner.createKey(app)).key).known();
    const subscriptions = [
      { token: await site.client.token({}), channels: ['both'] },
      { token: await client.token({ clientId: 'gone' }), channels: ['both'] },
    ];
    const hold = site.client.start('/v1/poll', { json: { subscriptions, wait: 30 } });
    await site.client.settle();
    await site.owner.create(`/v1/apps/${app}/revocations`, { clientId: 'gone' });
    refused(await hold.reply, 401, 'revoked');
  }, 30_000);
});

test('a new key works on the data plane within a second of its making', async () => {
  const { key } = await site.owner.createKey(site.holdline.appId);
  const began = performance.now();
  await site.client.as(key).known();
  expect(performance.now() - began).toBeLessThan(1500);
});
