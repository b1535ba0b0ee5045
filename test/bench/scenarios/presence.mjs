/**
 * A crowd enters one channel within a second, while others watch who is there. Told one by one it would
 * be members × watchers answers: the figure is the answers of a watcher for each window of time in which
 * changes are gathered, whatever the number of members.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Requester } from '../http-client.mjs';
import { presenceRequest } from '../requests.mjs';
import { Samples } from '../statistics.mjs';
import { Watchers } from '../watchers.mjs';
import { OwnShare, allHeld } from '../window.mjs';

/** Milliseconds in which the server gathers changes into one answer. */
const WINDOW_MS = 250;

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, members: number, withinMs: number, watchers: number, connections: number }} options
 */
export async function presence(
  target,
  { channel, members, withinMs, watchers: count, connections },
) {
  const watchers = new Watchers(target, channel);
  const lanes = Array.from({ length: connections }, () => new Requester(target));
  const ids = Array.from({ length: members }, (_, index) => `member-${index}`);
  const enteredAt = /** @type {Map<string, number>} */ (new Map());
  const samples = new Samples(members * count);
  const own = new OwnShare();

  /** Each lane takes the next member; `every`: milliseconds from one member to the next. */
  const each = async (/** @type {'PUT' | 'DELETE'} */ method, /** @type {number} */ every) => {
    const begun = performance.now();
    let next = 0;
    const lane = async (/** @type {Requester} */ requester) => {
      for (let index = next++; index < members; index = next++) {
        const early = begun + index * every - performance.now();
        if (early > 1) await pause(early);
        const id = /** @type {string} */ (ids[index]);
        if (method === 'PUT') enteredAt.set(id, performance.now());
        const answer = await requester.ask(presenceRequest(target, method, channel, id));
        if (answer.status !== (method === 'PUT' ? 200 : 204)) {
          throw new Error(`${method} was answered ${answer.status}: ${answer.body.toString()}`);
        }
      }
    };
    await Promise.all(lanes.map(lane));
  };

  try {
    await watchers.open(count);
    await allHeld(target, count);
    watchers.onJoined = (joined) => {
      const now = performance.now();
      for (const id of joined) samples.add(now - /** @type {number} */ (enteredAt.get(id)));
    };
    const begun = performance.now();
    own.start();
    await Promise.all([each('PUT', withinMs / members), watchers.reached(members * count)]);
    own.stop();
    const took = performance.now() - begun;
    const windows = Math.ceil(took / WINDOW_MS);
    const answers = Math.max(...watchers.watchers.map((one) => one.answers));
    const bytes = watchers.watchers.reduce((sum, one) => sum + one.bytes, 0);
    const told = watchers.told;
    watchers.close();
    // Nobody stays: leaving later would cost the scenarios that come after this one.
    await each('DELETE', 0);
    return {
      value: answers / windows,
      latency: samples.summary(),
      expected: members * count,
      received: told,
      emptyAnswers: 0,
      loadShare: own.share,
      note:
        `${members} members entered and ${count} watchers were told within ${Math.round(took)} ms: at most ` +
        `${answers} answers a watcher in ${windows} windows, ${(bytes / count / 1000).toFixed(0)} kB a ` +
        `watcher, ${(bytes / 1e6).toFixed(1)} MB in all`,
    };
  } finally {
    watchers.close();
    for (const lane of lanes) lane.close();
  }
}
