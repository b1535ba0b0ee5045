/** One attempt to make: of which delivery, in which round, after how many. */
export interface AttemptJob {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly round: number;
  readonly attempts: number;
  readonly at: Date;
}

/**
 * Keeps attempts until their time and hands each out at least once, also after a crash. Twice is
 * harmless: who makes an attempt claims it first.
 */
export interface AttemptQueue {
  hand(jobs: readonly AttemptJob[]): Promise<void>;
  /** @param make one attempt; when it rejects the job is handed out again. */
  start(make: (job: AttemptJob) => Promise<void>): Promise<void>;
  /** Waits for the attempts that run. */
  stop(): Promise<void>;
}
