// For the lock's test: opens the engine on a directory, says so, and stays until it is killed.
import { EmbeddedEngine } from '#engine';

const engine = new EmbeddedEngine({
  directory: process.argv[2],
  clock: Date,
  floorBytes: 0,
  lockWaitMs: Number(process.argv[3]),
});
await engine.start();
process.stdout.write('started\n');
setInterval(() => undefined, 1000);
