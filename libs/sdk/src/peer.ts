import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { PROMPT_MS } from './reader.js';
import { send } from './send.js';
import type { PublishOptions } from './types.js';

/** What became of a direct message: it is stored, whether or not somebody is there. */
export interface Sent {
  readonly id: string;
  readonly position: number;
  /** Held requests of that client that it answered. */
  readonly delivered: number;
  /** The node that the client is at home on; null: it is not there. */
  readonly home: string | null;
  readonly duplicate?: true;
}

export interface Home {
  readonly clientId: string;
  readonly node: string;
  /** RFC 3339. */
  readonly since: string;
  readonly holds: number | null;
}

/** Another client, by its id. Made by `holdline.client(id)`. */
export class Peer {
  readonly id: string;
  readonly #host: ChannelHost;
  readonly #path: string;

  /** @internal */
  constructor(id: string, host: ChannelHost) {
    this.id = id;
    this.#host = host;
    this.#path = `/v1/clients/${encodeURIComponent(id)}`;
  }

  /**
   * Sends to this client alone; resolves when it is stored in the client's inbox. Tried again with the
   * same id while that can help. @throws HoldlineError
   */
  async send(data: unknown, options: PublishOptions = {}): Promise<Sent> {
    return (await send(this.#host, `${this.#path}/messages`, data, options)) as Sent;
  }

  /** Where the client is at home; null when it is not there. @throws HoldlineError */
  async home(): Promise<Home | null> {
    const { session, retryMs, closing } = this.#host;
    const order = { method: 'GET', path: this.#path, timeoutMs: PROMPT_MS } as const;
    try {
      return (await session.persist(order, retryMs, closing)) as Home;
    } catch (error) {
      if (error instanceof HoldlineError && error.code === 'not_found') return null;
      throw error;
    }
  }
}
