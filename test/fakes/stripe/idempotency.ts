import type { FakeClock } from './clock.js';
import { Refusal } from './refusal.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const DAY_MS = 24 * 3_600_000;

/**
 * What was answered under each Idempotency-Key, for 24 hours: the same request gets the same answer,
 * errors of the server too; another request under the key is refused. After that the key is new.
 */
export class IdempotentAnswers {
  private readonly kept = new Map<string, { print: string; at: number; answer: Answer | null }>();

  constructor(private readonly clock: FakeClock) {}

  /** @returns the kept answer, or null: go on, and keep or drop it. */
  begin(key: string, print: string): Answer | null {
    const found = this.kept.get(key);
    if (!found || found.at + DAY_MS <= this.clock.now()) {
      this.kept.set(key, { print, at: this.clock.now(), answer: null });
      return null;
    }
    if (found.print !== print) {
      throw new Refusal(
        400,
        'idempotency_error',
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    }
    if (found.answer === null) {
      throw new Refusal(
        409,
        'idempotency_error',
        `There is currently another in-progress request using this Idempotent Key '${key}'.`,
        { code: 'idempotency_key_in_use' },
      );
    }
    return { ...found.answer, headers: { ...found.answer.headers, 'idempotent-replayed': 'true' } };
  }

  keep(key: string, answer: Answer): void {
    const found = this.kept.get(key);
    if (found) found.answer = answer;
  }

  /** Nothing was executed, so that the same key may try again. */
  drop(key: string): void {
    this.kept.delete(key);
  }
}
