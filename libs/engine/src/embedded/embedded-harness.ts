import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestClock } from '../conformance/harness.js';
import type { EngineHarness } from '../conformance/harness.js';
import { EmbeddedEngine } from './embedded-engine.js';
import type { EmbeddedEngineOptions } from './options.js';

/** For tests: an embedded engine in a directory of its own, which can be stopped and started again. */
export class EmbeddedHarness implements EngineHarness {
  engine: EmbeddedEngine;
  readonly errors: string[] = [];

  private constructor(
    readonly directory: string,
    readonly clock: TestClock,
    private readonly more: Partial<EmbeddedEngineOptions>,
  ) {
    this.engine = this.make();
  }

  static async start(more: Partial<EmbeddedEngineOptions> = {}): Promise<EmbeddedHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'holdline-'));
    const harness = new EmbeddedHarness(directory, new TestClock(), more);
    await harness.engine.start();
    return harness;
  }

  /** Drains, does what is asked to the files, and starts a new engine on them. */
  async restart(meanwhile: () => Promise<void> = async () => {}): Promise<EmbeddedEngine> {
    await this.engine.drain();
    await meanwhile();
    this.engine = this.make();
    await this.engine.start();
    return this.engine;
  }

  async stop(): Promise<void> {
    await this.engine.drain();
    await rm(this.directory, { recursive: true, force: true });
  }

  private make(): EmbeddedEngine {
    return new EmbeddedEngine({
      directory: this.directory,
      clock: this.clock,
      floorBytes: 0,
      sweepEveryMs: 0,
      lockWaitMs: 0,
      log: { info() {}, warn() {}, error: (message) => void this.errors.push(message) },
      ...this.more,
    });
  }
}
