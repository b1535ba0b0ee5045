import { describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { runningProcesses, signal } from '../support/processes.js';
import { useHoldline } from '../support/use-holdline.js';
import { received } from '../support/wire.js';

/** D5: PostgreSQL is killed outright, in the middle of work. */
const site = useHoldline({ postgres: 'embedded' });

describe('kill -9 of the postmaster', () => {
  test('costs the data plane not one error; the control plane is back by itself, with all it had', async () => {
    const name = 'made before the kill';
    const app = await site.owner.createApp(name);
    const pids = new Set(site.holdline.postgresPids());
    const postmaster = runningProcesses().find((one) => pids.has(one.pid) && !pids.has(one.parent));
    expect(postmaster).toBeDefined();

    let cursor = await site.client.now('killed');
    let rounds = 0;
    let isBack = false;
    const traffic = (async () => {
      for (; !isBack || rounds < 50; rounds++) {
        const hold = site.client.hold('killed', { cursor });
        await site.client.publish('killed', { data: rounds });
        const answer = received(await hold.reply);
        expect(answer.messages.map((one) => one.data)).toEqual([rounds]);
        cursor = answer.cursor;
        if (rounds === 10) signal(postmaster?.pid as number, 'SIGKILL');
      }
    })();
    await eventually('the postmaster is another one', 60_000, () => {
      const now = site.holdline.postgresPids();
      return rounds > 10 && now.length > 0 && !now.includes(postmaster?.pid as number);
    });
    await eventually(
      'the control plane serves again',
      60_000,
      async () => (await ask(`${site.holdline.apiUrl}/readyz`)).status === 200,
    );
    isBack = true;
    await traffic;

    const apps = await eventually('the list of apps is there', 10_000, () =>
      site.owner.list<{ id: string; name: string }>('/v1/apps'),
    );
    expect(apps).toContainEqual(expect.objectContaining({ id: app, name }));
    const { key } = await eventually('a key can be made', 10_000, () => site.owner.createKey(app));
    await eventually('the new key works', 10_000, async () => {
      return (await site.client.as(key).ask(channelPath('x', { wait: 0 }))).status === 200;
    });
  }, 180_000);
});
