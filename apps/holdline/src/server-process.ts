import { spawn, type ChildProcess } from 'node:child_process';
import type { Voice } from './say.js';
import { StartError } from './start-error.js';

export interface ServerOptions {
  /** As people know it: `api`, `delivery`. */
  readonly name: string;
  /** Absolute path of its main file. */
  readonly script: string;
  /** Flags for Node. */
  readonly flags?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly voice: Voice;
  /** Called whenever its process changed. */
  readonly changed: () => void;
}

const RESTART_FIRST_MS = 100;
const RESTART_MOST_MS = 5000;
/** Served this long, it counts as healthy: the next restart waits the least again. */
const HEALTHY_MS = 10_000;

/**
 * One server as a child process, kept running. It runs in a process group of its own, so that Ctrl-C
 * reaches the launcher alone and each server is told once, in the right order. Its end of the channel
 * closes when the launcher dies, and it then ends by itself.
 */
export class ServerProcess {
  private child: ChildProcess | null = null;
  private retry: NodeJS.Timeout | null = null;
  private failures = 0;
  private started = false;
  private wasReady = false;
  private stopping = false;
  private readonly ready = Promise.withResolvers<void>();
  private gone: Promise<void> = Promise.resolve();

  constructor(private readonly options: ServerOptions) {
    // A start that fails before anybody waits for it is told through start() all the same.
    this.ready.promise.catch(() => undefined);
  }

  get name(): string {
    return this.options.name;
  }

  get script(): string {
    return this.options.script;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /**
   * Resolves once it serves.
   * @throws StartError when it ends before that; it has said why itself. Later ends are restarts.
   */
  start(): Promise<void> {
    if (!this.started && !this.stopping) {
      this.started = true;
      this.launch();
    }
    return this.ready.promise;
  }

  /** Tells it to drain, once; resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.stopping) {
      this.stopping = true;
      if (this.retry) clearTimeout(this.retry);
      this.child?.kill('SIGTERM');
    }
    await this.gone;
  }

  /** Ends it at once. */
  kill(): void {
    this.stopping = true;
    if (this.retry) clearTimeout(this.retry);
    this.child?.kill('SIGKILL');
  }

  private launch(): void {
    const { script, flags = [], env, changed } = this.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    const child = spawn(process.execPath, ['--enable-source-maps', ...flags, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
      env,
    });
    this.child = child;
    let servedSince: number | null = null;
    child.on('message', (message) => {
      if (!isReady(message) || servedSince !== null) return;
      servedSince = performance.now();
      if (this.wasReady) this.options.voice.info(`${this.name} serves again.`);
      this.wasReady = true;
      this.ready.resolve();
    });
    const ended = (how: string) => {
      if (this.child !== child) return;
      this.child = null;
      resolve();
      changed();
      if (!this.stopping) this.recover(how, servedSince);
    };
    child.on('exit', (code, signal) => ended(signal ? `signal ${signal}` : `exit code ${code}`));
    child.on('error', (error) => ended(error.message));
    changed();
  }

  private recover(how: string, servedSince: number | null): void {
    if (!this.wasReady) {
      this.ready.reject(
        new StartError(`${this.name} did not start (${how}). What it said stands above.`),
      );
      return;
    }
    if (servedSince !== null && performance.now() - servedSince > HEALTHY_MS) this.failures = 0;
    const wait = Math.min(RESTART_MOST_MS, RESTART_FIRST_MS * 2 ** this.failures++);
    this.options.voice.warn(`${this.name} has ended (${how}); starting it again in ${wait} ms.`);
    this.retry = setTimeout(() => this.launch(), wait);
  }
}

function isReady(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as { ready?: unknown }).ready === true
  );
}
