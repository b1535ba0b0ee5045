/** Time, injected: milliseconds since 1970. A class, so that Nest can hand it out by its type. */
export abstract class Clock {
  abstract now(): number;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}
