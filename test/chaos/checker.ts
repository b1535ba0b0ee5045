/**
 * Proves the promises on what really happened: every publish as its client saw it, the log as it is in
 * the end, and each reader's trace. Pure: the same history gives the same verdict.
 */
export interface PublishAttempt {
  readonly channel: string;
  /** One for each message of the array; a retry has the same ids. */
  readonly ids: readonly string[];
  /** Times on one monotonic clock. */
  readonly invoked: number;
  readonly ended: number;
  /** `fail`: a definite refusal. `indefinite`: no answer, or one that says it may be stored. */
  readonly outcome: 'ok' | 'fail' | 'indefinite';
  /** With `ok`: the acknowledged positions, one for each id. */
  readonly positions?: readonly number[];
}

/** A channel in the end, oldest first, from its first message on. */
export interface FinalLog {
  readonly channel: string;
  readonly entries: readonly {
    readonly id: string;
    readonly position: number;
    readonly previous: number;
  }[];
}

/** What one reader was handed in one channel, in the order it came. */
export interface ReaderTrace {
  readonly reader: string;
  readonly channel: string;
  /** It began after this position, and in the end had been told that all up to `to` was covered. */
  readonly from: number;
  readonly to: number;
  readonly ids: readonly string[];
  readonly positions: readonly number[];
  readonly previous: readonly number[];
  /** Ranges (after, to] that it was told are lost. */
  readonly lost: readonly { readonly after: number; readonly to: number }[];
}

export interface History {
  readonly attempts: readonly PublishAttempt[];
  readonly logs: readonly FinalLog[];
  readonly traces: readonly ReaderTrace[];
}

export interface Violation {
  readonly promise: 'P1' | 'P2' | 'P3' | 'P4' | 'P8';
  readonly what: string;
}

/** Every broken promise, at most `limit`; empty when all were kept. */
export function check(history: History, limit = 20): Violation[] {
  const found: Violation[] = [];
  const report = (promise: Violation['promise'], what: string) => {
    if (found.length < limit) found.push({ promise, what });
  };
  const logs = new Map(history.logs.map((log) => [log.channel, log]));
  const fates = fatesOf(history.attempts);
  for (const log of history.logs) {
    checkChain(log, report);
    checkContents(log, fates.get(log.channel) ?? new Map<string, Fate>(), report);
  }
  for (const attempt of history.attempts) checkAttempt(attempt, logs.get(attempt.channel), report);
  for (const trace of history.traces) checkTrace(trace, logs.get(trace.channel), report);
  return found;
}

type Report = (promise: Violation['promise'], what: string) => void;

/** All attempts on one id together. */
interface Fate {
  firstInvoked: number;
  /** When the first acknowledgement came; Infinity: never. */
  acked: number;
  onlyRefused: boolean;
}

function fatesOf(attempts: readonly PublishAttempt[]): Map<string, Map<string, Fate>> {
  const channels = new Map<string, Map<string, Fate>>();
  for (const attempt of attempts) {
    const fates = channels.get(attempt.channel) ?? new Map<string, Fate>();
    channels.set(attempt.channel, fates);
    for (const id of attempt.ids) {
      const fate = fates.get(id) ?? { firstInvoked: Infinity, acked: Infinity, onlyRefused: true };
      fate.firstInvoked = Math.min(fate.firstInvoked, attempt.invoked);
      if (attempt.outcome === 'ok') fate.acked = Math.min(fate.acked, attempt.ended);
      if (attempt.outcome !== 'fail') fate.onlyRefused = false;
      fates.set(id, fate);
    }
  }
  return channels;
}

/** P2: positions grow, and each `previous` is the position before. */
function checkChain(log: FinalLog, report: Report): void {
  let last = 0;
  for (const { id, position, previous } of log.entries) {
    if (position <= last)
      report('P2', `${log.channel}: position ${position} (${id}) does not follow ${last}`);
    if (previous !== last)
      report('P2', `${log.channel}: ${position} (${id}) names ${previous} before it, not ${last}`);
    last = position;
  }
}

/** P1: each id once, none that nobody sent; P8: none that was only refused; P2: in real time's order. */
function checkContents(log: FinalLog, fates: ReadonlyMap<string, Fate>, report: Report): void {
  const seen = new Set<string>();
  let latestInvoked = -Infinity;
  for (const { id, position } of log.entries) {
    const fate = fates.get(id);
    if (seen.has(id)) report('P1', `${log.channel}: ${id} is stored twice, again at ${position}`);
    seen.add(id);
    if (!fate) {
      report('P1', `${log.channel}: ${id} at ${position} was never published`);
      continue;
    }
    if (fate.onlyRefused)
      report('P8', `${log.channel}: ${id} was refused, but is stored at ${position}`);
    if (fate.acked < latestInvoked) {
      report(
        'P2',
        `${log.channel}: ${id} at ${position} follows a message that was sent after its acknowledgement`,
      );
    }
    latestInvoked = Math.max(latestInvoked, fate.firstInvoked);
  }
}

const indexes = new WeakMap<FinalLog, Map<string, number>>();

function indexOf(log: FinalLog): Map<string, number> {
  let index = indexes.get(log);
  if (!index) indexes.set(log, (index = new Map(log.entries.map((entry, at) => [entry.id, at]))));
  return index;
}

/** P1: what was acknowledged is there, where it was said to be; an array is whole or absent, and together. */
function checkAttempt(attempt: PublishAttempt, log: FinalLog | undefined, report: Report): void {
  const index = log ? indexOf(log) : new Map<string, number>();
  const at = attempt.ids.map((id) => index.get(id));
  if (attempt.outcome === 'ok') {
    for (const [n, id] of attempt.ids.entries()) {
      const place = at[n];
      const acked = attempt.positions?.[n];
      if (place === undefined)
        report('P1', `${attempt.channel}: ${id} was acknowledged at ${acked} and is lost`);
      else if (log?.entries[place]?.position !== acked) {
        report(
          'P1',
          `${attempt.channel}: ${id} was acknowledged at ${acked}, but is at ${log?.entries[place]?.position}`,
        );
      }
    }
  }
  const there = at.filter((place) => place !== undefined);
  if (there.length > 0 && there.length < at.length && attempt.outcome !== 'ok') {
    report(
      'P1',
      `${attempt.channel}: ${there.length} of ${at.length} messages of one array are stored (${attempt.ids[0]} …)`,
    );
  }
  for (const [n, place] of there.entries()) {
    const before = there[n - 1];
    if (before !== undefined && place !== before + 1) {
      report('P2', `${attempt.channel}: an array is not stored in one piece (${attempt.ids[0]} …)`);
      break;
    }
  }
}

/** P3: nothing twice, nothing out of order. P2: what it saw is what the log has. P4: nothing is missing. */
function checkTrace(trace: ReaderTrace, log: FinalLog | undefined, report: Report): void {
  const name = `${trace.reader} in ${trace.channel}`;
  const due = (log?.entries ?? []).filter(
    (entry) => entry.position > trace.from && entry.position <= trace.to,
  );
  const ids = new Set<string>();
  let last = trace.from;
  let next = 0;
  for (const [n, position] of trace.positions.entries()) {
    const id = trace.ids[n] as string;
    if (ids.has(id) || position <= last) {
      report('P3', `${name}: ${id} at ${position} came again or late (after ${last})`);
      continue;
    }
    ids.add(id);
    while (next < due.length && (due[next] as { position: number }).position < position) {
      missing(trace, (due[next] as { position: number }).position, name, report);
      next++;
    }
    const entry = due[next];
    if (!entry || entry.position !== position || entry.id !== id) {
      report('P2', `${name}: was handed ${id} at ${position}, which the log does not have there`);
    } else {
      if (trace.previous[n] !== entry.previous) {
        report(
          'P2',
          `${name}: ${id} at ${position} came with previous ${trace.previous[n]}, the log has ${entry.previous}`,
        );
      }
      next++;
    }
    last = position;
  }
  for (; next < due.length; next++)
    missing(trace, (due[next] as { position: number }).position, name, report);
}

function missing(trace: ReaderTrace, position: number, name: string, report: Report): void {
  if (trace.lost.some((gap) => position > gap.after && position <= gap.to)) return;
  report('P4', `${name}: ${position} was never handed out, and nothing said so`);
}
