import type { ChannelHost } from './channel.js';
import { HoldlineError } from './errors.js';
import { listPresence, presencePath } from './presence-list.js';
import type { PresenceHandler, PresenceMember } from './presence-members.js';
import { PROMPT_MS } from './reader.js';

/** Seconds that a member entered by a server stays without being entered again. */
const TTL_SECONDS = 60;

/** Who is present in a channel. Made by `channel.presence`. */
export class Presence<T = unknown> {
  readonly #channel: string;
  readonly #host: ChannelHost;
  /** Whom this process keeps present, beside its own client. */
  readonly #kept = new Map<string, () => void>();

  /** @internal */
  constructor(channel: string, host: ChannelHost) {
    this.#channel = channel;
    this.#host = host;
  }

  /**
   * Be present, with up to 4 kB of data: as long as this client is there, and 15 seconds longer. Needs a
   * token with a client id. Resolves when the server knows. @throws HoldlineError
   */
  enter(data: T | null = null): Promise<void> {
    return this.#host.presence.enter(this.#channel, data);
  }

  /** Replaces the data; enters where the client was not there. @throws HoldlineError */
  update(data: T): Promise<void> {
    return this.enter(data);
  }

  /** Leaves at once. Without this the client leaves 15 seconds after it is gone. @throws HoldlineError */
  async leave(): Promise<void> {
    this.#host.presence.forget(this.#channel);
    const clientId = await this.#host.session.clientId();
    if (clientId === null) {
      throw new HoldlineError('invalid_use', 'This credential is no client that could leave.');
    }
    await this.#remove(clientId);
  }

  /** Who is there now, in the order of their ids. @throws HoldlineError */
  async members(): Promise<PresenceMember<T>[]> {
    const { members } = await listPresence(this.#host, this.#channel);
    return members as PresenceMember<T>[];
  }

  /**
   * Calls the handler for each who is there (`present`), and then for each who comes (`enter`), changes
   * (`update`) or goes (`leave`). Where changes were missed the list is read anew, and what it shows to
   * have happened is told. @returns ends it.
   */
  subscribe(handler: PresenceHandler<T>): () => void {
    return this.#host.presence.watch(this.#channel, handler as PresenceHandler);
  }

  /** For servers with an API key: says for any client that it is there, until `leaveClient`. @throws HoldlineError */
  async enterClient(clientId: string, data: T | null = null): Promise<void> {
    const { session, retryMs, closing, clock, receivers } = this.#host;
    this.#kept.get(clientId)?.();
    const order = {
      method: 'PUT',
      path: `${presencePath(this.#channel)}/${encodeURIComponent(clientId)}`,
      body: { data, ttl: TTL_SECONDS },
      timeoutMs: PROMPT_MS,
    } as const;
    const put = (): Promise<unknown> => session.persist(order, retryMs, closing);
    await put();
    const again = (): void => {
      if (closing.aborted) return;
      const cancel = clock.after(TTL_SECONDS * 500, () => {
        put().then(
          () => this.#kept.get(clientId) === cancel && again(),
          (error) => closing.aborted || receivers.error(error, this.#channel),
        );
      });
      this.#kept.set(clientId, cancel);
    };
    again();
  }

  /** @throws HoldlineError */
  async leaveClient(clientId: string): Promise<void> {
    this.#kept.get(clientId)?.();
    this.#kept.delete(clientId);
    await this.#remove(clientId);
  }

  async #remove(clientId: string): Promise<void> {
    const { session, retryMs, closing } = this.#host;
    const path = `${presencePath(this.#channel)}/${encodeURIComponent(clientId)}`;
    await session.persist({ method: 'DELETE', path, timeoutMs: PROMPT_MS }, retryMs, closing);
  }
}
