import { mkdir, open, readdir, readFile, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UsageRows } from '#contracts';
import { z } from 'zod';
import type { Seen } from './redeliveries.js';

export interface UsageJournalOptions {
  /** Belongs to this journal alone; made when it does not exist. */
  readonly directory: string;
  /** The node's name, another after each start: with the offset it names each batch for ever. */
  readonly node: string;
  readonly warn: (text: string) => void;
  /** Batches in one file: what was stored elsewhere is deleted by whole files. Default 600. */
  readonly batchesPerFile?: number;
}

export interface JournalPart {
  /** The number of its last batch. */
  readonly through: number;
  readonly batches: readonly UsageRows[];
  /** Nothing follows by now. */
  readonly isEnd: boolean;
}

/** What one flush brings to the disk, whole or not at all. */
export interface UsageBatch {
  readonly rows: UsageRows;
  /** What clients were handed with it: whoever counts on after a crash must know of it. */
  readonly seen: readonly Seen[];
}

const Line = z.object({ rows: UsageRows, seen: z.array(z.tuple([z.number(), z.number()])) });

/** Batches before a crash whose places are recalled: clients come again within seconds. */
const RECALLED = 120;

interface Segment {
  readonly node: string;
  /** Number of its first batch; they count from 1. */
  readonly first: number;
}

const NAME = /^([\w-]{1,64})\.(\d{1,15})\.usage$/;

/**
 * What was counted and not yet handed on, on this machine's disk. Each batch is flushed before it
 * counts as kept, and is read by its number until whoever asks has stored it. The files of earlier
 * starts are read on like this one's.
 */
export class UsageJournal {
  private segments: Segment[] = [];
  private file: FileHandle | null = null;
  private written = 0;
  private inFile = 0;

  private constructor(private readonly o: UsageJournalOptions) {}

  /** @throws when the directory cannot be made or read. */
  static async open(options: UsageJournalOptions): Promise<UsageJournal> {
    const journal = new UsageJournal(options);
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(options.directory)) {
      const [, node, first] = NAME.exec(name) ?? [];
      if (node && first) journal.segments.push({ node, first: Number(first) });
    }
    journal.segments.sort((a, b) => a.first - b.first);
    return journal;
  }

  /** Every node whose batches are here; this one's too. */
  get nodes(): readonly string[] {
    return [...new Set([...this.segments.map(({ node }) => node), this.o.node])];
  }

  /** Resolves once the batch is on the disk. Rejects when it is not: append it again. */
  async append(batch: UsageBatch): Promise<void> {
    if (!this.file || this.inFile >= (this.o.batchesPerFile ?? 600)) await this.nextFile();
    const text = JSON.stringify(batch);
    const line = `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
    const file = this.file as FileHandle;
    const { size } = await file.stat();
    try {
      await file.write(line);
      await file.datasync();
    } catch (error) {
      // Half a line must not stand before the next one.
      await file.truncate(size).catch(() => this.leaveFile());
      throw error;
    }
    this.written += 1;
    this.inFile += 1;
  }

  /** What follows the batch numbered `after`. */
  async read(node: string, after: number, limit: number): Promise<JournalPart> {
    const batches: UsageRows[] = [];
    let through = after;
    for (const segment of this.segmentsOf(node)) {
      if (batches.length >= limit) return { through, batches, isEnd: false };
      const next = this.segmentsOf(node).find(({ first }) => first > segment.first);
      if (next && next.first <= through + 1) continue;
      const all = await this.load(segment);
      const skip = Math.max(0, through + 1 - segment.first);
      // A file whose first batches were stored already may be gone: its successor says where it goes on.
      if (segment.first > through + 1) through = segment.first - 1;
      const some = all.slice(skip, skip + limit - batches.length).map(({ rows }) => rows);
      batches.push(...some);
      through += some.length;
      if (skip + some.length < all.length) return { through, batches, isEnd: false };
    }
    return { through, batches, isEnd: true };
  }

  /** What clients had been handed shortly before this start, by every node whose batches are here. */
  async recentlySeen(): Promise<Seen[]> {
    const seen: Seen[] = [];
    for (const node of new Set(this.segments.map((segment) => segment.node))) {
      const recent: UsageBatch[] = [];
      for (const segment of this.segmentsOf(node).reverse()) {
        if (recent.length >= RECALLED) break;
        recent.unshift(...(await this.load(segment)));
      }
      for (const batch of recent.slice(-RECALLED)) seen.push(...batch.seen);
    }
    return seen;
  }

  /** Everything up to the batch numbered `through` is stored elsewhere: whole files of it may go. */
  async forget(node: string, through: number): Promise<void> {
    const own = this.segmentsOf(node);
    for (const [index, segment] of own.entries()) {
      const next = own[index + 1];
      const isOpen = node === this.o.node && !next;
      if (isOpen) return;
      const end = next ? next.first - 1 : segment.first - 1 + (await this.load(segment)).length;
      if (end > through) return;
      await unlink(this.pathOf(segment)).catch(() => undefined);
      this.segments = this.segments.filter((other) => other !== segment);
    }
  }

  async close(): Promise<void> {
    await this.leaveFile();
  }

  private segmentsOf(node: string): Segment[] {
    return this.segments.filter((segment) => segment.node === node);
  }

  private async nextFile(): Promise<void> {
    await this.leaveFile();
    const segment = { node: this.o.node, first: this.written + 1 };
    // No batch of this number was ever acknowledged: half a line of one that failed must go.
    this.file = await open(this.pathOf(segment), 'w', 0o600);
    this.inFile = 0;
    if (!this.segments.some((one) => one.node === segment.node && one.first === segment.first))
      this.segments.push(segment);
  }

  private async leaveFile(): Promise<void> {
    const { file } = this;
    this.file = null;
    await file?.close().catch(() => undefined);
  }

  /** A line that was cut off by a crash was never acknowledged: what is whole before it counts. */
  private async load(segment: Segment): Promise<UsageBatch[]> {
    const text = await readFile(this.pathOf(segment), 'utf8');
    const batches: UsageBatch[] = [];
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const batch = parseLine(line);
      if (!batch) {
        if (segment.node !== this.o.node && !text.endsWith(`${line}`)) this.damaged(segment);
        break;
      }
      batches.push(batch);
    }
    return batches;
  }

  private damaged(segment: Segment): void {
    this.o.warn(
      `The usage journal ${this.pathOf(segment)} is damaged: what stands behind the damage is not counted. Check the disk.`,
    );
  }

  private pathOf({ node, first }: Segment): string {
    return join(this.o.directory, `${node}.${first}.usage`);
  }
}

function parseLine(line: string): UsageBatch | null {
  const json = line.slice(9);
  if (line.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return null;
  const parsed = Line.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}
