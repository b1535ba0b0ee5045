import type { Launcher } from './launcher.js';
import type { Voice } from './say.js';

/**
 * Milliseconds within which a signal counts as the same one: on Ctrl-C the terminal tells npm and us,
 * and npm tells us again.
 */
const SAME_MS = 700;

/** All must be over by now; what is left is stuck and is ended. */
const DEADLINE_MS = 9700;

/** Drains on the first SIGTERM, SIGINT or SIGHUP and exits 0; ends at once on a second one. */
export function stopOnSignal(launcher: Launcher, voice: Voice): void {
  let first: number | null = null;
  const onSignal = () => {
    if (first === null) {
      first = performance.now();
      voice.info('Stopping: held requests are answered, then everything ends.');
      setTimeout(() => {
        launcher.kill();
        process.exit(0);
      }, DEADLINE_MS).unref();
      launcher.stop().then(
        () => {
          voice.info('Stopped.');
          process.exit(0);
        },
        (error: unknown) => {
          voice.error(
            `The stop did not go well: ${error instanceof Error ? error.message : String(error)}`,
          );
          launcher.kill();
          process.exit(1);
        },
      );
    } else if (performance.now() - first > SAME_MS) {
      voice.warn('Ending at once.');
      launcher.kill();
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}
