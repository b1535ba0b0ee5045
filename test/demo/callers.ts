import { ask, type Ask, type Reply } from '../support/http-client.js';

/** What was refused, with what it said. */
function succeeded(what: string, reply: Reply): Reply {
  if (reply.status >= 200 && reply.status < 300) return reply;
  throw new Error(`${what} was answered ${reply.status}: ${reply.text.slice(0, 600)}`);
}

/** A person's browser at the control plane. Signs in again by itself when time has ended its session. */
export class Browser {
  private cookie = '';

  constructor(
    private readonly apiUrl: string,
    private readonly loginPath: string,
    private readonly login: { readonly email: string; readonly password: string },
  ) {}

  /** Makes the account that it signs in to. */
  async signUp(tenantName: string): Promise<{ tenant: { id: string }; app: { id: string } }> {
    const json = { ...this.login, tenantName };
    const reply = succeeded('signup', await ask(`${this.apiUrl}/v1/signup`, { json }));
    this.keep(reply);
    return reply.json as { tenant: { id: string }; app: { id: string } };
  }

  async call<T>(method: string, path: string, json?: unknown): Promise<T> {
    const send = (): Promise<Reply> => {
      const headers = { cookie: this.cookie, origin: this.apiUrl };
      return ask(this.apiUrl + path, { method, headers, ...(json !== undefined && { json }) });
    };
    let reply = await send();
    if (reply.status === 401) {
      this.keep(succeeded('login', await ask(this.apiUrl + this.loginPath, { json: this.login })));
      reply = await send();
    }
    return succeeded(`${method} ${path}`, reply).json as T;
  }

  private keep(reply: Reply): void {
    this.cookie = (reply.headers['set-cookie'] ?? [])
      .map((one) => one.split(';')[0] as string)
      .join('; ');
  }
}

/** The provider's servers at the data plane, with their API key. */
export class Server {
  constructor(
    private readonly deliveryUrl: string,
    readonly key: string,
  ) {}

  ask(path: string, options: Ask = {}): Promise<Reply> {
    return ask(this.deliveryUrl + path, { key: this.key, ...options });
  }

  /** Publishes so many messages of these numbers. What a rate limit refuses is sent again, with the same ids. */
  async publish(channel: string, first: number, count: number): Promise<void> {
    for (let from = first; from < first + count; from += 100) {
      const size = Math.min(100, first + count - from);
      const json = Array.from({ length: size }, (_, i) => ({ id: `m${from + i}`, data: from + i }));
      for (;;) {
        const reply = await this.ask(`/v1/channels/${channel}/messages`, { json });
        if (reply.status !== 429) {
          succeeded('a publish', reply);
          break;
        }
        const seconds = Number(reply.headers['retry-after'] ?? 1);
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
    }
  }
}

/** Receives a channel from its start by one held request after another. */
export class Reader {
  received = 0;
  holds = 0;
  private stopped = false;
  private loop: Promise<void> = Promise.resolve();
  private leave: () => void = () => undefined;

  constructor(
    private readonly server: Server,
    private readonly channel: string,
    private readonly deliveryUrl: string,
  ) {}

  start(): void {
    this.loop = this.run();
    // Whoever waits for messages hears of its fault when it stops.
    this.loop.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.leave();
    await this.loop;
  }

  private async run(): Promise<void> {
    const seen = new Set<string>();
    for (let place = 'from=start'; !this.stopped;) {
      const gone = new AbortController();
      this.leave = () => gone.abort();
      const url = `${this.deliveryUrl}/v1/channels/${this.channel}/messages?wait=30&limit=1000&${place}`;
      const headers = { authorization: `Bearer ${this.server.key}` };
      try {
        const answer = await fetch(url, { headers, signal: gone.signal });
        if (!answer.ok) throw new Error(`a receive was answered ${await answer.text()}`);
        const { messages, cursor } = (await answer.json()) as {
          messages: { id: string }[];
          cursor: string;
        };
        for (const { id } of messages) seen.add(id);
        place = `cursor=${encodeURIComponent(cursor)}`;
        this.holds++;
        this.received = seen.size;
      } catch (error) {
        if (!gone.signal.aborted) throw error;
      }
    }
  }
}
