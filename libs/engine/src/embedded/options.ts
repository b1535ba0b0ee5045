export interface EngineLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface EmbeddedEngineOptions {
  /** Belongs to this engine alone; made when it does not exist. */
  readonly directory: string;
  readonly clock: { now(): number };
  /** Publishing stops when the file system has fewer free bytes than this. */
  readonly floorBytes: number;
  /** Free bytes of the directory's file system. Default: asks the file system. */
  readonly freeBytes?: () => Promise<number>;
  readonly log?: EngineLog;
  /** Milliseconds between rounds of maintenance; 0: only when `maintain()` is called. Default 1000. */
  readonly sweepEveryMs?: number;
  /** How long the journal goes back at least, for counting from it later. Default a week. */
  readonly journalSeconds?: number;
  /** Channels whose heads stay in memory. Default 100 000. */
  readonly cachedChannels?: number;
  /** Milliseconds to wait at the start for an earlier process to let go of the directory. Default 10 000. */
  readonly lockWaitMs?: number;
  /** For fault tests: awaited before each commit; what it throws is what the disk answered. */
  readonly beforeCommit?: () => Promise<void>;
}

export const SILENT: EngineLog = { info() {}, warn() {}, error() {} };
