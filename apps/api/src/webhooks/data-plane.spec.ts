import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { DataPlaneEvents, DataPlaneQuery, OccupiedQuery } from '#contracts';
import type { DeliveryClient } from '../delivery/delivery-client.js';
import { startTestApi, type SignedUp, type TestApi } from '../testing/test-api.js';
import { MessageFeed } from './message-feed.js';
import { OccupancyWatch } from './occupancy-watch.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t?.stop());
afterEach(() =>
  t.database.asSystem(async (tx) => {
    await tx.webhookEvent.deleteMany();
    await tx.webhookEndpoint.deleteMany();
    await tx.webhookOccupancy.deleteMany();
  }),
);

const fault = () => undefined;

/** Delivery, as far as these ask it: `answer` says what it knows. */
function deliveryThat(answer: (path: string, body: unknown) => unknown): DeliveryClient {
  const post = (path: string, body: unknown, schema: { parse(value: unknown): unknown }) =>
    Promise.resolve(answer(path, body)).then((said) => schema.parse(said));
  return { post } as unknown as DeliveryClient;
}

async function tenantWith(events: string[]): Promise<SignedUp> {
  const user = await t.signUp();
  const made = await user.call('POST', '/v1/webhooks', {
    body: { url: 'https://example.com/hook', events, channels: ['room:*'] },
  });
  expect(made.status).toBe(201);
  return user;
}

const noted = ({ tenantId }: SignedUp) =>
  t.database.asSystem((tx) =>
    tx.webhookEvent.findMany({ where: { tenantId }, orderBy: { seq: 'asc' } }),
  );

describe('events of the log', () => {
  /** A log of messages at the positions 1, 2, 3 …, two an answer. */
  const logOf = (app: string, count: number, epoch = 'one') => {
    const asked: DataPlaneQuery[] = [];
    const delivery = deliveryThat((_path, body): DataPlaneEvents => {
      const query = body as DataPlaneQuery;
      asked.push(query);
      const after = query.epoch === epoch ? query.after : 0;
      const positions = [after + 1, after + 2].filter((position) => position <= count);
      return {
        epoch,
        through: positions.at(-1) ?? after,
        more: positions.length > 0,
        events: positions.map((position) => ({
          app,
          kind: 'message',
          channel: 'room:1',
          position,
          timestamp: Date.now(),
          data: `{"position":${position}}`,
        })),
      };
    });
    return { delivery, asked };
  };
  const readAll = async (delivery: DeliveryClient) => {
    const feed = new MessageFeed({ database: t.database, delivery, fault });
    while (await feed.step());
  };

  test('are noted once each, in order, and another process goes on where the last one was', async () => {
    const user = await tenantWith(['message.published']);
    const { delivery, asked } = logOf(user.appId, 5);
    await readAll(delivery);
    await readAll(delivery);
    expect((await noted(user)).map(({ key }) => key)).toEqual(
      [1, 2, 3, 4, 5].map((position) => `msg:one:${position}`),
    );
    expect(asked.at(-1)).toMatchObject({
      epoch: 'one',
      after: 5,
      wants: { [user.appId]: { messages: ['room:*'], presence: [] } },
    });
  });

  test('are noted once each when their place was lost, or two processes read them at once', async () => {
    const user = await tenantWith(['message.published']);
    const { delivery } = logOf(user.appId, 6, 'two');
    await Promise.all([readAll(delivery), readAll(delivery)]);
    await t.database.asSystem((tx) =>
      tx.meterMark.updateMany({ where: { source: 'webhooks:two' }, data: { position: 0 } }),
    );
    await readAll(delivery);
    expect(await noted(user)).toHaveLength(6);
  });

  test('that come while an endpoint is made, and before delivery knows of it, are not passed over', async () => {
    const first = await tenantWith(['message.published']);
    let second: SignedUp | undefined;
    const asked: DataPlaneQuery[] = [];
    const log = logOf(first.appId, 1, 'four').delivery;
    const delivery = {
      post: async (path: string, body: unknown, schema: never) => {
        asked.push(body as DataPlaneQuery);
        second ??= await tenantWith(['message.published']);
        return log.post(path, body, schema);
      },
    } as unknown as DeliveryClient;
    await readAll(delivery);
    expect(asked[0]!.wants).not.toHaveProperty(second!.appId);
    expect(asked[1]!.after).toBe(asked[0]!.after);
    expect(asked[1]!.wants).toHaveProperty(second!.appId);
    expect(await noted(first)).toHaveLength(1);
  });

  test('are asked for from when the oldest endpoint was made; without one nothing is asked', async () => {
    const { delivery, asked } = logOf('app_x', 1, 'three');
    await readAll(delivery);
    expect(asked).toEqual([]);
    const before = Date.now();
    const user = await tenantWith(['presence.changed']);
    await readAll(logOf(user.appId, 0, 'three').delivery);
    const again = logOf(user.appId, 0, 'three');
    await readAll(again.delivery);
    expect(again.asked[0]!.since).toBeGreaterThanOrEqual(before);
    expect(again.asked[0]!.wants).toEqual({ [user.appId]: { messages: [], presence: ['room:*'] } });
  });
});

describe('a channel that somebody receives from', () => {
  let occupied: string[] = [];
  const watchOf = ({ appId }: SignedUp) =>
    new OccupancyWatch({
      database: t.database,
      delivery: deliveryThat((_path, body) => {
        expect((body as OccupiedQuery).apps).toEqual({ [appId]: ['room:*'] });
        return { apps: { [appId]: occupied } };
      }),
      now: () => t.clock.now(),
      fault,
    });
  const told = async (user: SignedUp) =>
    (await noted(user)).map(({ type, channel }) => `${type} ${channel}`);

  test('is told when it begins, once, and 15 s after it ended; a pause between polls is no end', async () => {
    const user = await tenantWith(['channel.occupied', 'channel.vacated']);
    const watch = watchOf(user);
    occupied = ['room:1'];
    await watch.step();
    await watch.step();
    expect(await told(user)).toEqual(['channel.occupied room:1']);
    occupied = [];
    t.clock.advance(10_000);
    await watch.step();
    occupied = ['room:1'];
    t.clock.advance(4_000);
    await watch.step();
    occupied = [];
    t.clock.advance(14_000);
    await watch.step();
    expect(await told(user)).toEqual(['channel.occupied room:1']);
    t.clock.advance(2_000);
    await watch.step();
    expect(await told(user)).toEqual(['channel.occupied room:1', 'channel.vacated room:1']);
    await watch.step();
    expect(await told(user)).toHaveLength(2);
  });

  test('stays told over a restart: nothing twice, and the end is told by whoever comes after', async () => {
    const user = await tenantWith(['channel.occupied', 'channel.vacated']);
    occupied = ['room:2'];
    await watchOf(user).step();
    t.clock.advance(3_600_000);
    const later = watchOf(user);
    await later.step();
    expect(await told(user)).toEqual(['channel.occupied room:2']);
    occupied = [];
    t.clock.advance(10_000);
    await later.step();
    t.clock.advance(10_000);
    await later.step();
    expect(await told(user)).toEqual(['channel.occupied room:2', 'channel.vacated room:2']);
  });
});
