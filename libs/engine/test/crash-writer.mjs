// For the crash test: publishes on several lanes at once and reports each acknowledgement, until it
// is killed. It goes on where the killed one before it stopped: the first append of a lane repeats the
// last one that was not acknowledged, under the same ids, as a careful publisher does.
import { writeSync } from 'node:fs';
import { EmbeddedEngine } from '#engine';

const [directory, lanes] = [process.argv[2], JSON.parse(process.argv[3])];
const engine = new EmbeddedEngine({ directory, clock: Date, floorBytes: 0, sweepEveryMs: 20 });
await engine.start();

async function run(lane, next) {
  const channel = { app: 'app', name: `lane-${lane % 2}` };
  for (let first = next; ;) {
    // A pure function of the lane and the number, so that a repeat is the same append.
    const count = 1 + ((first * 7 + lane) % 9);
    const entries = Array.from({ length: count }, (_, i) => {
      const text = `${lane}:${first + i}`;
      return {
        id: text,
        idempotent: true,
        payload: Buffer.from(text.padEnd(40 + (first % 200), '.')),
      };
    });
    const retention = { seconds: 3600, messages: null };
    const counters = [`lane-${lane}`, 'all'];
    const label = `lane-${lane}`;
    const result = await engine.append({ channel, retention, entries, label, counters });
    if (!result.ok) throw new Error(result.code);
    // One write each, straight to the pipe: what the parent has read was acknowledged before.
    for (const [i, { position }] of result.entries.entries()) {
      writeSync(1, `${lane} ${first + i} ${position}\n`);
    }
    first += count;
  }
}

await Promise.all(lanes.map((next, lane) => run(lane, next)));
