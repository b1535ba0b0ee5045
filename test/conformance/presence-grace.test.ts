import { describe, expect, test } from '@jest/globals';
import { joinedIn, leftIn, PresenceClient, watched } from '../support/presence.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { received } from '../support/wire.js';

/** Protocol, "Presence": a gap between polls shorter than the grace (15 s) is no leave. */
const site = useSharedHoldline();
const at = (channel: string) => new PresenceClient(site.client, channel);
/** With a token of the client's own. */
const as = async (clientId: string, channel: string) =>
  new PresenceClient(site.client.as(await site.client.token({ clientId })), channel);

describe('the grace', () => {
  test('a gap between polls shorter than the grace is no leave, a longer one is', async () => {
    const room = at('grace');
    const ann = await as('ann', 'grace');
    let { cursor } = watched(await room.watch({ wait: 0 }).reply);
    for (let i = 0; i < 2; i++) {
      received(await ann.poll(null, { wait: 1 }).reply);
      // A hold is the clock.
      await site.client.receive('grace-clock', { wait: 4 });
    }
    const began = performance.now();
    received(await ann.poll(null, { wait: 0 }).reply);
    const so = await room.until(cursor, (changes) => joinedIn(changes).length > 0);
    expect(so.changes).toHaveLength(1);
    ({ cursor } = so);
    const { changes } = await room.until(cursor, (told) => leftIn(told).includes('ann'));
    expect(changes).toHaveLength(1);
    const gone = performance.now() - began;
    expect(gone).toBeGreaterThan(15_000);
    expect(gone).toBeLessThan(20_000);
    expect(await room.ids()).toEqual([]);
  }, 60_000);

  test('a client that goes away stays for the grace only', async () => {
    const room = at('cut');
    const cursor = await room.cursor();
    const held = (await as('ann', 'cut')).poll(null, { wait: 300 });
    await room.until(cursor, (changes) => joinedIn(changes).includes('ann'));
    held.abort();
    await site.client.settle();
    expect(await room.ids()).toEqual(['ann']);
    await room.until(cursor, (changes) => leftIn(changes).includes('ann'));
  }, 60_000);
});
