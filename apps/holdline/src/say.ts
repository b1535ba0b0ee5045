/**
 * What the launcher tells the person who started it, on standard output; the servers' own logs go to
 * standard error.
 */
export interface Voice {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  /** Runs one phase of the start and says how long it took. */
  phase<T>(title: string, work: () => Promise<T> | T): Promise<T>;
}

/** Seconds after which a phase that still runs is mentioned: silence looks like a fault. */
const PATIENCE_MS = 5000;

export function createVoice(write: (text: string) => void): Voice {
  const line = (text: string) => write(`holdline: ${text}\n`);
  return {
    info: line,
    warn: line,
    error: line,
    async phase(title, work) {
      const begin = performance.now();
      const took = () => `${((performance.now() - begin) / 1000).toFixed(2)} s`;
      const waiting = setInterval(
        () => line(`${title}: not done yet after ${took()} ...`),
        PATIENCE_MS,
      );
      try {
        const result = await work();
        line(`${title.padEnd(34, ' ')} ${took()}`);
        return result;
      } finally {
        clearInterval(waiting);
      }
    },
  };
}
