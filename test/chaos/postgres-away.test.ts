import { describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { signal } from '../support/processes.js';
import { useHoldline } from '../support/use-holdline.js';
import { received, refused, succeeded } from '../support/wire.js';

/** The data plane does not wait for PostgreSQL: it works on while PostgreSQL answers nothing at all. */
const site = useHoldline({ postgres: 'embedded' });
const AWAY_MS = 60_000;

describe('PostgreSQL stops answering for a minute', () => {
  test('publishing, receiving and making tokens go on without one error; the control plane says 503 at once; all recovers', async () => {
    const { apiUrl, deliveryUrl } = site.holdline;
    const pids = site.holdline.postgresPids();
    expect(pids.length).toBeGreaterThan(1);
    // Stopped, not killed: connections stay open and nothing comes back, the worst way to be away.
    for (const pid of pids) signal(pid, 'SIGSTOP');
    try {
      const began = performance.now();
      let rounds = 0;
      let cursor = await site.client.now('away');
      while (performance.now() - began < AWAY_MS) {
        const hold = site.client.hold('away', { cursor });
        await site.client.settle();
        await site.client.publish('away', [{ data: rounds }, { data: rounds }]);
        const answer = received(await hold.reply);
        expect(answer.messages.map((one) => one.data)).toEqual([rounds, rounds]);
        cursor = answer.cursor;
        const token = await site.client.token({ clientId: 'c' });
        await site.client.as(token).receive('away', { from: '-1' });
        succeeded(await ask(`${deliveryUrl}/readyz`), 200);
        if (rounds % 10 === 0) await expectControlPlaneAway(apiUrl);
        // An idle hold sets the pace.
        await site.client.receive('away-clock', { wait: 1 });
        rounds++;
      }
      expect(rounds).toBeGreaterThan(20);
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT');
    }
    await eventually(
      'the control plane serves again',
      20_000,
      async () => (await ask(`${apiUrl}/readyz`)).status === 200,
    );
    // And what it changes reaches delivery again.
    const { key } = await eventually('a key can be made', 10_000, () =>
      site.owner.createKey(site.holdline.appId),
    );
    await eventually('the new key works', 10_000, async () => {
      return (await site.client.as(key).ask(channelPath('x', { wait: 0 }))).status === 200;
    });
  }, 150_000);
});

async function expectControlPlaneAway(apiUrl: string): Promise<void> {
  const { email, password } = site.holdline.demo;
  const asks = [
    () => site.owner.ask('/v1/apps'),
    () => ask(`${apiUrl}/v1/login`, { json: { email, password } }),
    () => ask(`${apiUrl}/v1/apps`, { key: site.holdline.apiKey }),
  ];
  for (const one of asks) {
    const since = performance.now();
    const reply = await one();
    expect(performance.now() - since).toBeLessThan(5000);
    refused(reply, 503, 'unavailable');
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  }
  const since = performance.now();
  const ready = await ask(`${apiUrl}/readyz`);
  expect(ready.status).toBe(503);
  expect(ready.text).toMatch(/database|postgres/i);
  expect(performance.now() - since).toBeLessThan(5000);
  succeeded(await ask(`${apiUrl}/healthz`), 200);
}
