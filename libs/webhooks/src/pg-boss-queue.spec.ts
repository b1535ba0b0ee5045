import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { queueUrl } from '#database';
import { eventually } from '../../database/src/testing/eventually.js';
import { lendDatabase, type LentDatabase } from '../../database/src/testing/lent-database.js';
import type { AttemptJob } from './attempt-queue.js';
import { PgBossQueue } from './pg-boss-queue.js';

let postgres: LentDatabase;
beforeAll(async () => {
  postgres = await lendDatabase();
});
afterAll(() => postgres?.giveBack());

const open: PgBossQueue[] = [];
const newQueue = (now: () => number = Date.now) => {
  const queue = new PgBossQueue({ url: queueUrl(postgres.url), now, fault: () => undefined });
  open.push(queue);
  return queue;
};
afterAll(() => Promise.all(open.map((queue) => queue.stop())));

const job = (deliveryId: string, at = new Date()): AttemptJob => ({
  deliveryId,
  endpointId: 'whk_1',
  round: 0,
  attempts: 2,
  at,
});

describe('the queue of attempts in PostgreSQL', () => {
  test('waits as long as is left by the clock that its times are by, however far that is from the database’s', async () => {
    const ahead = () => Date.now() + 30 * 86_400_000;
    const queue = newQueue(ahead);
    const made: string[] = [];
    await queue.start(async ({ deliveryId }) => void made.push(deliveryId));
    await queue.hand([job('whd_later', new Date(ahead() + 3_600_000))]);
    await queue.hand([job('whd_due', new Date(ahead()))]);
    await eventually(() => made.length > 0);
    expect(made).toEqual(['whd_due']);
    await queue.stop();
  });

  test('hands out what it was given, at its time, also to a process that comes later', async () => {
    const first = newQueue();
    await first.start(() => Promise.reject(new Error('never')));
    await first.stop();
    const giver = newQueue();
    const made: AttemptJob[] = [];
    await giver.start(async (one) => void made.push(one));
    const later = new Date(Date.now() + 3_600_000);
    const one = job('whd_1');
    await giver.hand([one, job('whd_2', later)]);
    await eventually(() => made.length > 0);
    expect(made).toEqual([one]);
    await giver.stop();
  });

  test('an attempt that is rejected comes again', async () => {
    const queue = newQueue();
    let calls = 0;
    await queue.start(async ({ deliveryId }) => {
      if (deliveryId === 'whd_3' && ++calls === 1) throw new Error('the database was away');
    });
    await queue.hand([job('whd_3')]);
    await eventually(() => calls === 2);
    await queue.stop();
  });

  test('its role reaches its own schema and no table of ours', async () => {
    const client = new pg.Client(queueUrl(postgres.url));
    await client.connect();
    try {
      await expect(client.query('SELECT FROM tenant')).rejects.toMatchObject({ code: '42501' });
      await expect(client.query('CREATE TABLE public.x ()')).rejects.toMatchObject({
        code: '42501',
      });
    } finally {
      await client.end();
    }
  });
});
