import type { Logger } from './logger.js';

/**
 * Calls `drain` once, on SIGTERM, SIGINT or when the launcher's channel closes (it was killed), and
 * exits 0 when it is done. After `deadlineMs` it exits 1, so that a stuck drain cannot hold up a restart;
 * a second signal ends at once.
 */
export function drainOnSignal(options: {
  drain: () => Promise<void>;
  deadlineMs: number;
  log: Logger;
}): void {
  let draining = false;
  const begin = (why: string) => {
    if (draining) {
      if (why === 'disconnect') return;
      options.log.warn({ why }, 'a second signal: ending at once');
      process.exit(1);
    }
    draining = true;
    options.log.info({ why }, 'draining');
    setTimeout(() => {
      options.log.error('draining took too long: ending without it');
      process.exit(1);
    }, options.deadlineMs).unref();
    options.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        options.log.error({ err: error }, 'draining failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => begin('SIGTERM'));
  process.on('SIGINT', () => begin('SIGINT'));
  if (process.channel) process.on('disconnect', () => begin('disconnect'));
}

/** Ends a start that failed with one line that says what to do, not a stack trace, where the cause is known. */
export function failStart(error: unknown, port: { variable: string; value: number }): never {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'EADDRINUSE') {
    process.stderr.write(
      `holdline: port ${port.value} is in use by another program. Stop that one, or set ${port.variable} to a free port.\n`,
    );
  } else if (error instanceof Error && error.constructor.name === 'ConfigError') {
    process.stderr.write(`${error.message}\n`);
  } else {
    process.stderr.write(
      `holdline: the start failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
  }
  process.exit(1);
}
