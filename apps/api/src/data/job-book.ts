import { Inject, Injectable } from '@nestjs/common';
import { Clock } from './clock.js';

interface Runs {
  /** Milliseconds since 1970; null: it never came to an end without a fault. */
  okAt: number | null;
  endedAt: number;
  fault: string | null;
}

export interface JobState extends Readonly<Runs> {
  readonly name: string;
}

/**
 * How what goes on in the background went the last time, for the people who run this process. A job is
 * known from its first end on; after a start each runs anew, so that nothing has to be kept.
 */
@Injectable()
export class JobBook {
  private readonly jobs = new Map<string, Runs>();

  constructor(@Inject(Clock) private readonly clock: Clock) {}

  /** Does the work and notes how it ended. @throws what the work throws */
  async watch<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      const now = this.clock.now();
      this.jobs.set(name, { okAt: now, endedAt: now, fault: null });
      return done;
    } catch (error) {
      const fault = (error instanceof Error ? error.message : String(error)).slice(0, 500);
      const okAt = this.jobs.get(name)?.okAt ?? null;
      this.jobs.set(name, { okAt, endedAt: this.clock.now(), fault });
      throw error;
    }
  }

  of(name: string): JobState | null {
    const runs = this.jobs.get(name);
    return runs ? { name, ...runs } : null;
  }

  list(): readonly JobState[] {
    return [...this.jobs]
      .map(([name, runs]) => ({ name, ...runs }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }
}
