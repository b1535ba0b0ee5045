/** Time, injected: milliseconds since 1970. A class, so that Nest can hand it out by its type. */
export abstract class Clock {
  abstract now(): number;

  /** Milliseconds by which it is ahead of the world's on purpose: 0 but for a demonstration. */
  get movedMs(): number {
    return 0;
  }

  /** Calls back when it was moved: what is due by the new time is done then. A clock that only goes never does. */
  onMove(_listener: () => void): void {}
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}
