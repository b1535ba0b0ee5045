import { Problem } from '#contracts';
import type { AppendEntry, AppendResult, Engine } from '#engine';
import type { ChannelTable } from './channel-table.js';
import type { CursorBook } from './cursor-book.js';
import { composePayload } from './message-text.js';
import type { MediatorHooks, PublishOrder, PublishOutcome } from './types.js';

export interface PublisherOptions {
  readonly engine: Engine;
  readonly channels: ChannelTable;
  readonly book: CursorBook;
  readonly newId: () => string;
  readonly hooks: MediatorHooks;
}

/** From a publish order to the log, and from what the log says to what the publisher is told. */
export class Publisher {
  constructor(private readonly o: PublisherOptions) {}

  async publish(order: PublishOrder): Promise<PublishOutcome> {
    const ids: string[] = [];
    const { key, label, counters } = order;
    const entries = order.messages.map((message): AppendEntry => {
      const id = message.id ?? this.o.newId();
      ids.push(id);
      return {
        id: key ?? id,
        idempotent: key !== undefined || message.id !== undefined,
        payload: composePayload(id, order.clientId, message, order),
        ...(message.ttl === undefined ? {} : { ttl: message.ttl }),
        ...(message.ifPosition === undefined ? {} : { ifPosition: message.ifPosition }),
      };
    });
    const channel = { app: order.app, name: order.channel };
    let result: AppendResult;
    try {
      result = await this.o.engine.append({
        channel,
        retention: order.retention,
        entries,
        ...(label === undefined ? {} : { label }),
        ...(counters === undefined ? {} : { counters }),
      });
    } catch (fault) {
      throw maybeStored(fault);
    }
    if (!result.ok) {
      if (result.kind === 'definite') order.settled?.(0);
      throw refusal(result, order.channel);
    }

    let last = 0;
    let stored = 0;
    const messages = result.entries.map((appended, i) => {
      if (appended.position > last) last = appended.position;
      if (!appended.duplicate) stored += 1;
      return { id: ids[i]!, ...appended };
    });
    order.settled?.(stored);
    this.o.hooks.published?.(stored, order.app, label);
    return { messages, cursor: this.cursor(order.app, order.channel, result.epoch, last) };
  }

  /** Where somebody holds on the channel this is the text that their answer has too. */
  private cursor(app: string, name: string, epoch: string, position: number): string {
    const state = this.o.channels.peek(app, name);
    if (!state) return this.o.book.text(app, name, epoch, position);
    state.noticeEpoch(epoch);
    const list = this.o.channels.single(state.ref);
    return list && state.epoch === epoch
      ? this.o.book.at(list, [position], [state.epoch]).text
      : this.o.book.text(app, name, epoch, position);
  }
}

function refusal(result: Exclude<AppendResult, { ok: true }>, channel: string): Problem {
  if (result.kind === 'indefinite') return maybeStored(undefined);
  switch (result.code) {
    case 'position_conflict':
      return new Problem(
        'position_conflict',
        `The last position of channel ${JSON.stringify(channel)} is ${result.position}, not the one in ifPosition. Nothing was stored. Read up to ${result.position}, then decide again.`,
        { position: result.position },
      );
    case 'storage_full':
      return new Problem(
        'storage_full',
        'The message log has no room left. Nothing was stored. Try again when the operator has freed disk space.',
        { retryAfter: 30 },
      );
    case 'frozen':
      return new Problem(
        'unavailable',
        'The message log takes no messages because of a fault on its disk. This message was not stored. Try again later with the same id.',
        { retryAfter: 5 },
      );
    case 'draining':
      return new Problem(
        'draining',
        'This server is shutting down. Nothing was stored. Try again at once with the same id.',
        { retryAfter: 1 },
      );
  }
}

function maybeStored(fault: unknown): Problem {
  return new Problem(
    'unavailable',
    'The message log did not confirm the message: it may be stored or not. Publish it again with the same id, and it is stored once.',
    { retryAfter: 1 },
    fault,
  );
}
