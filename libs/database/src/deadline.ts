import { DatabaseUnavailable } from './errors.js';

/** Milliseconds that saying goodbye to a PostgreSQL may take which perhaps no longer listens. */
const GOODBYE_MS = 1000;

/** The result, or DatabaseUnavailable after `ms`. What is still running goes on, unobserved. */
export async function within<T>(ms: number, running: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DatabaseUnavailable(`PostgreSQL did not answer within ${ms} ms`)),
      ms,
    );
  });
  // When the race is lost nobody else looks at how it ends.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** For the end of connections: however it ends, nobody waits for it longer than a second. */
export async function withinReason(ending: Promise<unknown>): Promise<void> {
  await within(GOODBYE_MS, ending).catch(() => undefined);
}
