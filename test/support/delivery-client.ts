import { eventually } from './eventually.js';
import { ask, start, type Ask, type Asked, type Reply } from './http-client.js';
import { paged, published, received, type WirePublish, type WireReceive } from './wire.js';

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** The data plane with one credential, in the words of the protocol. */
export class DeliveryClient {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  /** The same server with another credential. */
  as(key: string): DeliveryClient {
    return new DeliveryClient(this.url, key);
  }

  ask(path: string, options: Ask = {}): Promise<Reply> {
    return ask(this.url + path, { key: this.key, ...options });
  }

  start(path: string, options: Ask = {}): Asked {
    return start(this.url + path, { key: this.key, ...options });
  }

  tryPublish(channel: string | number, body: unknown, options: Ask = {}): Promise<Reply> {
    return this.ask(channelPath(channel), { json: body, ...options });
  }

  async publish(channel: string | number, body: unknown): Promise<WirePublish> {
    return published(await this.tryPublish(channel, body));
  }

  /** Answered at once unless `wait` says otherwise. */
  async receive(channel: string | number, query: Query = {}): Promise<WireReceive> {
    return received(await this.ask(channelPath(channel, { wait: 0, ...query })));
  }

  /** Held for 30 s unless `wait` says otherwise. */
  hold(channel: string | number, query: Query = {}): Asked {
    return this.start(channelPath(channel, { wait: 30, ...query }));
  }

  async history(channel: string | number, query: Query = {}) {
    return paged(await this.ask(channelPath(channel, query, 'history')));
  }

  /** A cursor at the channels' present end. */
  async now(...channels: string[]): Promise<string> {
    const answer = received(await this.ask(`/v1/messages${text({ channel: channels, wait: 0 })}`));
    return answer.cursor;
  }

  /**
   * Returns once the server has surely read what was sent before on other connections: two round trips
   * on new connections come after it. For requests that are to be held before something happens.
   */
  async settle(): Promise<void> {
    await ask(`${this.url}/healthz`);
    await ask(`${this.url}/healthz`);
  }

  /** Waits until a key that the control plane has just made is known here (within a second, it promises). */
  async known(): Promise<this> {
    await eventually('the new key is known to delivery', 5000, async () => {
      return (await this.ask(channelPath('is-it-known', { wait: 0 }))).status !== 401;
    });
    return this;
  }

  async token(body: unknown): Promise<string> {
    const reply = await this.ask('/v1/tokens', { json: body });
    if (reply.status !== 201) throw new Error(`No token: ${reply.status} ${reply.text}`);
    return (reply.json as { token: string }).token;
  }
}

export function channelPath(
  channel: string | number,
  query: Query = {},
  what = 'messages',
): string {
  return `/v1/channels/${encodeURIComponent(channel)}/${what}${text(query)}`;
}

export function text(query: Query): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [value].flat().map((one) => `${name}=${encodeURIComponent(String(one))}`),
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
