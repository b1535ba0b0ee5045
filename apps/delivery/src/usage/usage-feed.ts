import type { StoredAnswer, UsageAnswer, UsageRequest, UsageRows, UsageSlice } from '#contracts';
import type { Engine } from '#engine';
import { publishedRows, type UsageJournal } from '#metering';
import type { UsageKeeper } from './usage-keeper.js';

/** Lines of the log and batches of the journal in one slice. */
const LINES = 20_000;
const BATCHES = 120;

export interface UsageFeedParts {
  readonly engine: Engine;
  readonly journal: UsageJournal;
  readonly keeper: UsageKeeper;
}

/** What this node counted, from wherever the control plane has stored it up to. */
export class UsageFeed {
  constructor(private readonly o: UsageFeedParts) {}

  async answer({ marks }: UsageRequest): Promise<UsageAnswer> {
    const { engine, journal } = this.o;
    const earlier: UsageSlice[] = [];
    for (const node of journal.nodes)
      if (node !== engine.node) earlier.push(await this.counted(node, marks));
    const own = await this.counted(engine.node, marks);
    const journals = [...earlier, own];
    // Who reads of one of them that it is complete takes all to be: those before a crash too.
    const isBehind = journals.some(({ completeTo }) => completeTo === null);
    const told = isBehind ? journals.map((one) => ({ ...one, completeTo: null })) : journals;
    return { slices: [await this.published(marks), ...told] };
  }

  /** What the platform itself stores is nobody's. */
  async stored(): Promise<StoredAnswer> {
    const stored = await this.o.engine.stored();
    return {
      rows: stored
        .filter(({ label }) => label !== '')
        .map(({ app, label, bytes }) => ({ app, key: label, bytes })),
    };
  }

  private async published(marks: UsageRequest['marks']): Promise<UsageSlice> {
    const { epoch, base } = await this.o.engine.journal(Number.MAX_SAFE_INTEGER, 1);
    const source = `log:${epoch}`;
    const from = marks[source] ?? startOf(marks, base);
    const read = await this.o.engine.journal(from, LINES);
    // The log was replaced in between: the next request sees the new one.
    const isSame = read.epoch === epoch;
    return {
      source,
      from: marks[source] ?? 0,
      through: isSame ? read.through : from,
      completeTo: isSame ? read.completeTo : null,
      truncated: isSame && read.truncated,
      rows: publishedRows(isSame ? read.lines : []),
    };
  }

  private async counted(node: string, marks: UsageRequest['marks']): Promise<UsageSlice> {
    const source = `journal:${node}`;
    const stored = marks[source] ?? 0;
    await this.o.journal.forget(node, stored);
    // Before the read: what is kept meanwhile may be among it, and is not claimed.
    const keptTo = this.o.keeper.keptTo;
    const { through, batches, isEnd } = await this.o.journal.read(node, stored, BATCHES);
    return {
      source,
      from: stored,
      through,
      completeTo: isEnd ? keptTo : null,
      truncated: false,
      rows: addUp(batches),
    };
  }
}

/**
 * Where counting begins in a log of a new epoch. Up to `base` it holds what the log before it held, which
 * was counted as far as that one's mark says; what follows is new, whatever its positions.
 */
function startOf(marks: UsageRequest['marks'], base: number): number {
  const before = Object.entries(marks).filter(([source]) => source.startsWith('log:'));
  const furthest = Math.max(0, ...before.map(([, position]) => position));
  return Math.min(furthest, base);
}

function addUp(batches: readonly UsageRows[]): UsageRows {
  return {
    keys: merged(batches.flatMap(({ keys }) => keys)),
    channels: merged(batches.flatMap(({ channels }) => channels)),
    tenants: largest(batches.flatMap(({ tenants }) => tenants)),
  };
}

function merged<T extends { units: number }>(rows: readonly T[]): T[] {
  return joined(rows, (a, b) => a + b);
}

function largest<T extends { units: number }>(rows: readonly T[]): T[] {
  return joined(rows, Math.max);
}

function joined<T extends { units: number }>(
  rows: readonly T[],
  join: (a: number, b: number) => number,
): T[] {
  const byId = new Map<string, T>();
  for (const row of rows) {
    const id = JSON.stringify({ ...row, units: 0 });
    const known = byId.get(id);
    byId.set(id, known ? { ...known, units: join(known.units, row.units) } : row);
  }
  return [...byId.values()];
}
