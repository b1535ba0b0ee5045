/** After a fault: delivery or the database may be away. */
const FAULT_MS = 2_000;

export interface PacedLoopParts {
  /** @returns whether there may be more to do at once. */
  readonly step: () => Promise<boolean>;
  readonly idleMs: number;
  readonly fault: (error: unknown) => void;
}

/** Runs one step after another, with a pause where there was nothing, until it is stopped. */
export class PacedLoop {
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => {};

  constructor(private readonly parts: PacedLoopParts) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.running = false;
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (this.running) {
      try {
        if (!(await this.parts.step())) await this.pause(this.parts.idleMs);
      } catch (error) {
        this.parts.fault(error);
        await this.pause(FAULT_MS);
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.wake = done;
      if (!this.running) done();
    });
  }
}
