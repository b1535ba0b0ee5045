import { Problem } from '#contracts';
import type { Engine, Stored } from '#engine';
import type { Publisher } from './publisher.js';
import type { Published } from './types.js';

/** No channel ever gets there: an append with it stores nothing, and still tells whether an id is known. */
const NEVER = Number.MAX_SAFE_INTEGER;

export interface StoredReply extends Published {
  readonly stored: Stored;
}

/** Finds the reply to a request in the log, as long as its id is remembered and its message kept. */
export class StoredReplies {
  constructor(
    private readonly engine: Engine,
    private readonly publisher: Publisher,
  ) {}

  async find(app: string, channel: string, address: string): Promise<StoredReply | null> {
    const ref = { app, name: channel };
    const { epoch, last } = await this.engine.tail(ref);
    if (last === 0) return null;
    const known = await this.position(app, channel, address);
    if (known === null) return null;
    const place = { epoch, position: known.position - 1 };
    const { messages } = await this.engine.read(ref, place, { messages: 1, bytes: 1 });
    const stored = messages[0];
    if (stored?.position !== known.position) return null;
    const { id } = membersOf(stored);
    return { ...known, id: String(id), duplicate: true, stored };
  }

  private async position(app: string, channel: string, address: string): Promise<Published | null> {
    try {
      const { messages } = await this.publisher.publish({
        app,
        channel,
        clientId: null,
        messages: [{ data: null, ifPosition: NEVER }],
        retention: { seconds: 1, messages: null },
        key: address,
      });
      return messages[0] ?? null;
    } catch (fault) {
      if (fault instanceof Problem && fault.code === 'position_conflict') return null;
      throw fault;
    }
  }
}

/** The address that a stored reply is for; '' for a message that is none. */
export function inReplyTo(stored: Stored): string {
  const address = membersOf(stored)['inReplyTo'];
  return typeof address === 'string' ? address : '';
}

function membersOf({ payload }: Stored): Record<string, unknown> {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString();
  return JSON.parse(`{${text}}`) as Record<string, unknown>;
}
