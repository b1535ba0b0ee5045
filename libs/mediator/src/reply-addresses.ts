import { createHmac } from 'node:crypto';
import type { RequestOrder } from './types.js';

const ASKER_BYTES = 8;
const SECRET_BYTES = 16;
/** Characters of base64url that the asker's part takes. */
const ASKER_LENGTH = 11;

/**
 * Reply addresses: first who asks (names the channel of their replies), then 128 bits that nobody can
 * guess. A request with an id has the same address whenever its asker sends it.
 */
export class ReplyAddresses {
  private readonly key: Uint8Array;

  constructor(
    secret: Uint8Array,
    private readonly newId: () => string,
  ) {
    this.key = createHmac('sha256', secret).update('holdline/reply-address').digest();
  }

  of({ owner, channel, message }: RequestOrder): string {
    const { appId, keyId, clientId } = owner;
    const asker = this.digest(ASKER_BYTES, ['asker', appId, keyId, clientId]);
    const what =
      message.id === undefined
        ? ['new', asker, this.newId()]
        : ['id', appId, asker, channel, message.id];
    return asker + this.digest(SECRET_BYTES, what);
  }

  /** Replies have a channel for each asker, not for each request: channels are for ever. */
  channel(address: string): string {
    return `reply:${address.slice(0, ASKER_LENGTH)}`;
  }

  /** As JSON, so that no two lists can give the same text. */
  private digest(bytes: number, what: readonly (string | null)[]): string {
    const digest = createHmac('sha256', this.key).update(JSON.stringify(what)).digest();
    return digest.subarray(0, bytes).toString('base64url');
  }
}
