import { randomUUID } from 'node:crypto';
import { ask, type Ask, type Reply } from './http-client.js';
import { succeeded } from './wire.js';

export interface CreatedKey {
  readonly id: string;
  readonly key: string;
  readonly signingSecret: string;
}

/** The control plane as a signed-in person's browser uses it. */
export class ControlPlane {
  private constructor(
    readonly url: string,
    /** As the Cookie header wants it. */
    readonly cookie: string,
    readonly email: string,
    readonly password: string,
  ) {}

  /** A tenant of its own, with a first app. */
  static async signUp(
    url: string,
    tenantName = 'Test',
    email = `${randomUUID()}@example.com`,
  ): Promise<ControlPlane> {
    const password = randomUUID();
    const reply = await ask(`${url}/v1/signup`, { json: { email, password, tenantName } });
    succeeded(reply, 201);
    return new ControlPlane(url, cookieOf(reply), email, password);
  }

  static async logIn(url: string, email: string, password: string): Promise<ControlPlane> {
    const reply = await ask(`${url}/v1/login`, { json: { email, password } });
    succeeded(reply, 200);
    return new ControlPlane(url, cookieOf(reply), email, password);
  }

  /** One of the platform's own staff. */
  static async operator(
    url: string,
    { email, password }: { email: string; password: string },
  ): Promise<ControlPlane> {
    const reply = await ask(`${url}/v1/operator/login`, { json: { email, password } });
    succeeded(reply, 200);
    return new ControlPlane(url, cookieOf(reply), email, password);
  }

  ask(path: string, options: Ask = {}): Promise<Reply> {
    return ask(this.url + path, {
      ...options,
      headers: { cookie: this.cookie, origin: this.url, ...options.headers },
    });
  }

  async create<T>(path: string, json: unknown): Promise<T> {
    const reply = await this.ask(path, { json });
    succeeded(reply, 201);
    return reply.json as T;
  }

  async list<T>(path: string): Promise<T[]> {
    const reply = await this.ask(path);
    succeeded(reply, 200);
    return (reply.json as { data: T[] }).data;
  }

  async createApp(name: string, rest: Record<string, unknown> = {}): Promise<string> {
    return (await this.create<{ id: string }>('/v1/apps', { name, ...rest })).id;
  }

  createKey(app: string, body: Record<string, unknown> = {}): Promise<CreatedKey> {
    return this.create<CreatedKey>(`/v1/apps/${app}/keys`, body);
  }
}

/** The session cookie that the answer set; fails when it set none. */
export function cookieOf(reply: Reply): string {
  const cookie = (reply.headers['set-cookie'] ?? []).map((one) => one.split(';')[0] as string);
  if (cookie.length === 0)
    throw new Error(`No session cookie in the answer ${reply.status} ${reply.text}`);
  return cookie.join('; ');
}
