import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PlanLimits, SnapshotApp } from '#contracts';
import { ModelEngine } from '#engine';
import { Limits, WholeQuota } from '#limits';
import { Mediator, Presence } from '#mediator';
import { Redeliveries, UsageBook } from '#metering';
import { World, type MadeKey } from '../../../../libs/access/src/testing/world.js';
import { ManualClock } from '../../../../libs/mediator/src/testing/manual-clock.js';
import type { EdgeContext } from '../edge/context.js';
import { LinkBook } from '../edge/direct/link-book.js';
import { NodeExchange, type ExchangeHost } from '../edge/exchange.js';
import { PathHolds } from '../edge/path-holds.js';
import { ReceivePlans } from '../edge/receive-plan.js';
import { EdgeRouter } from '../edge/router.js';
import { StreamTable } from '../edge/stream/stream-table.js';
import { Traces } from '../trace/traces.js';
import { KeyUseBook } from '../key-use/key-use-book.js';
import { UsageMeter } from '../usage/usage-meter.js';

const HOLDS = 4;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // A test reads what it expects; the type would only repeat the contract.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Ask {
  readonly method?: string;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another credential; null: none. */
  readonly as?: string | null;
}

/** The data plane over HTTP, in this process, on a clock that stands still until it is moved. */
export class EdgeSite {
  readonly clock = new ManualClock();
  readonly world = new World();
  readonly engine = new ModelEngine({ clock: this.clock });
  readonly limits: Limits;
  readonly context: EdgeContext;
  private readonly server: http.Server;
  /** What was refused, and to which app. */
  readonly refusals: [code: string, app: string | null][] = [];
  private readonly held: AbortController[] = [];
  private names = 0;
  app!: SnapshotApp;
  key!: MadeKey;

  constructor({ maxHolds = HOLDS } = {}) {
    const { clock, engine, world } = this;
    const newId = () => `id-${this.names++}`;
    const mediator = new Mediator({ engine, clock, cursorSecret: Buffer.alloc(32, 1), newId });
    this.limits = new Limits({
      clock,
      slices: new WholeQuota({ read: (name) => engine.counted(name) }),
      maxHolds,
    });
    this.context = {
      authenticator: world.authenticator,
      store: world.store,
      mediator,
      presence: new Presence({ engine, clock, newId }),
      links: new LinkBook(mediator, clock),
      limits: this.limits,
      plans: new ReceivePlans(),
      paths: new PathHolds(300_000),
      streams: new StreamTable(world.store, clock),
      clock,
      traces: new Traces(clock),
      keyUse: new KeyUseBook(clock),
      usage: new UsageMeter(new UsageBook(), new Redeliveries(), clock),
      newId,
      isConfigured: () => true,
    };
    const router = new EdgeRouter(this.context, () => false);
    const docs = 'http://docs.test/docs';
    const host: ExchangeHost = {
      ...{ docs, proxies: 1, draining: false },
      refused: ({ code }, _requestId, app) => void this.refusals.push([code, app]),
    };
    this.server = http.createServer((req, res) => router.handle(new NodeExchange(req, res, host)));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** An app of a tenant of its own, with these limits, and a key that asks from now on. */
  tenant(limits: PlanLimits = {}, rest: Partial<SnapshotApp> = {}): void {
    this.app = this.world.addApp(`app-${this.names++}`, { limits, ...rest });
    this.key = this.world.addKey(this.app.id);
  }

  change(change: Partial<SnapshotApp>): void {
    this.app = { ...this.app, ...change, version: this.world.version + 1 };
    this.world.apply({ apps: [this.app] });
  }

  async ask(path: string, { method, json, text, headers, as }: Ask = {}): Promise<Answer> {
    const hold = new AbortController();
    this.held.push(hold);
    const body = json === undefined ? text : JSON.stringify(json);
    const credential = as === undefined ? this.key.header : as;
    const answer = await fetch(this.url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      signal: hold.signal,
      headers: {
        ...(credential === null ? {} : { authorization: credential }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const isStream = answer.headers.get('content-type')?.includes('event-stream') ?? false;
    const got = isStream ? '' : await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: got === '' ? null : JSON.parse(got),
    };
  }

  publish(channel: string, data: unknown = 1, rest: Ask = {}): Promise<Answer> {
    return this.ask(`/v1/channels/${channel}/messages`, { json: { data }, ...rest });
  }

  /** Begins a request that is held, and resolves when the server holds it. */
  async hold(path: string, ask: Ask = {}): Promise<{ readonly answer: Promise<Answer> }> {
    const before = this.limits.holds.used('holds_server', '') as number;
    const answer = this.ask(path, ask);
    // A refusal comes at once; whoever waits for it sees it.
    answer.catch(() => undefined);
    let isSettled = false;
    const done = () => {
      isSettled = true;
    };
    answer.then(done, done);
    while (!isSettled && this.limits.holds.used('holds_server', '') === before) await turn();
    return { answer };
  }

  /** Begins a stream, and resolves when the server has begun it too. */
  open(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    return fetch(this.url + path, {
      signal,
      headers: { authorization: this.key.header, ...headers },
    });
  }

  /** Ends whatever is held, as clients do that go away. */
  async letGo(): Promise<void> {
    for (const hold of this.held.splice(0)) hold.abort();
    while ((this.limits.holds.used('holds_server', '') as number) > 0) await turn();
  }

  /** Moves the edge's clock, and that by which tokens are judged. */
  advance(ms: number): void {
    this.clock.advance(ms);
    this.world.now += ms;
  }

  async token(clientId: string): Promise<string> {
    const { body } = await this.ask('/v1/tokens', { json: { clientId } });
    return `Bearer ${body.token}`;
  }

  async stop(): Promise<void> {
    for (const hold of this.held) hold.abort();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.context.presence.close();
    this.context.mediator.close();
  }

  private get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
