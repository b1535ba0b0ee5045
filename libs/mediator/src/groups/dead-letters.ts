import { GROUP_LIMIT } from '#contracts';
import type { AppendEntry, ChannelRef, Engine, Retention, Stored } from '#engine';
import { joinMessages } from '../answer-text.js';
import { Outgoing, wireHead } from '../message-text.js';
import { deadLettersOf } from './group-names.js';
import type { InFlight } from './group-state.js';
import { logFault, notNoted } from './problems.js';
import type { DeadPage, GroupRef } from './types.js';

const RETENTION: Retention = {
  seconds: GROUP_LIMIT.deadSeconds,
  messages: GROUP_LIMIT.deadMessages,
};
const PAGE_BYTES = 4 * 1024 * 1024;

export type DeathReason = 'expired' | 'nacked';

/**
 * The messages that a group gave up, as copies in a channel of the log that no request can name: their
 * own channel may keep them for a shorter time.
 */
export class DeadLetters {
  private readonly ref: ChannelRef;
  private readonly head: string;

  constructor(
    private readonly engine: Engine,
    group: GroupRef,
  ) {
    this.ref = deadLettersOf(group);
    this.head = wireHead(group.channel);
  }

  /**
   * Resolves when the copies are durable. The id makes a second burial of the same handing out, after a
   * crash in between, store nothing.
   */
  async add(
    generation: string,
    dying: readonly { stored: Stored; entry: InFlight; reason: DeathReason }[],
    now: number,
  ): Promise<void> {
    const deadAt = new Date(now).toISOString();
    const entries = dying.map(({ stored, entry, reason }): AppendEntry => {
      const message = new Outgoing(stored).wire(this.head).toString();
      const text = `${message.slice(1, -1)},"attempts":${entry.attempt},"reason":"${reason}","deadAt":"${deadAt}"`;
      return {
        id: `${generation}/${entry.position}/${entry.serial}`,
        idempotent: true,
        payload: Buffer.from(text),
      };
    });
    const result = await this.engine
      .append({ channel: this.ref, retention: RETENTION, entries })
      .catch((fault: unknown) => {
        throw logFault(fault);
      });
    if (!result.ok) throw notNoted(result);
  }

  async page(after: number | null, limit: number): Promise<DeadPage> {
    const tail = await this.engine.tail(this.ref);
    const place = { epoch: tail.epoch, position: Math.min(after ?? 0, tail.last) };
    const read = await this.engine.read(this.ref, after === null ? null : place, {
      messages: limit,
      bytes: PAGE_BYTES,
    });
    const texts = read.messages.map((stored) =>
      Buffer.concat([Buffer.from(`{"deadLetter":${stored.position},`), stored.payload, END]),
    );
    const next = read.more ? (read.messages.at(-1)?.position ?? null) : null;
    return { body: joinMessages(texts, `],"next":${next}}`), next };
  }

  purge(): Promise<void> {
    return this.engine.purge(this.ref);
  }
}

const END = Buffer.from('}');
