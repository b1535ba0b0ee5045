import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secrets } from '#access';
import { CONTROL_ROUTES } from '#contracts';
import { Database } from '#database';
import type { AttemptQueue } from '#webhooks';
import type {
  InternalAnswer,
  InternalRequest,
  InternalRequester,
  OidcConfig,
  StripeConfig,
} from '#platform';
import { pino } from 'pino';
// The one place that reaches into the lib: its test database is not part of what it offers.
import { lendDatabase } from '../../../../libs/database/src/testing/lent-database.js';
import { createApi, type Api } from '../api.js';
import { Clock } from '../data/clock.js';
import { DeliveryClient } from '../delivery/delivery-client.js';
import { readDemo, type Demo } from '../demo/demo-file.js';
import { Settings } from '../settings.js';
import { DatabaseGate } from './database-gate.js';

/** Of everybody who signs up in a test. */
export const PASSWORD = 'correct horse battery';
export const API_URL = 'http://api.test:3000';
export const DELIVERY_URL = 'http://delivery.test:3001';

/** Real time until a test sets it. */
export class TestClock extends Clock {
  private ahead = 0;
  now(): number {
    return Date.now() + this.ahead;
  }
  advance(ms: number): void {
    this.ahead += ms;
  }
}

/** In place of the delivery server: away until a test says what it answers. */
export class FakeDelivery {
  answer: ((asked: InternalRequest) => InternalAnswer) | null = null;
  readonly request: InternalRequester = async (asked) => {
    if (!this.answer) throw new Error('connect ECONNREFUSED');
    return this.answer(asked);
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | number | undefined>;
  readonly text: string;
  // A test reads what it expects; the type would only repeat the contract.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly raw?: string | Buffer;
  readonly address?: string;
}

/** One caller: nobody, a browser with a cookie, or a script with a key. */
export type Caller = (method: string, path: string, call?: Call) => Promise<Answer>;

export interface SignedUp {
  readonly call: Caller;
  readonly cookie: string;
  readonly email: string;
  readonly password: string;
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
}

export interface TestApi {
  readonly api: Api;
  /** Between the control plane and its database: a test shuts it. */
  readonly gate: DatabaseGate;
  readonly database: Database;
  /** The server itself, as its owner: for what no part of ours may do. */
  readonly postgresUrl: string;
  readonly secrets: Secrets;
  readonly clock: TestClock;
  readonly delivery: FakeDelivery;
  readonly dataDir: string;
  readonly demo: Demo;
  /** Every line that was logged so far. */
  readonly log: () => string;
  readonly nobody: Caller;
  withKey(key: string): Caller;
  withCookie(cookie: string): Caller;
  signUp(): Promise<SignedUp>;
  /** Asks until it no longer throws. */
  eventually<T>(ask: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** A whole control plane on a database of its own, asked in process. One at a time in a test file. */
export async function startTestApi({
  apiUrl = API_URL,
  queue = null,
  stripe = null,
  oidc = null,
}: {
  apiUrl?: string;
  queue?: AttemptQueue | null;
  stripe?: StripeConfig | null;
  oidc?: OidcConfig | null;
} = {}): Promise<TestApi> {
  const delivery = new FakeDelivery();
  const postgres = await lendDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const clock = new TestClock();
  const secrets = Secrets.load({ dataDir, masterKey: null });
  const gate = await DatabaseGate.before(postgres.url);
  const database = new Database({ url: gate.url, log });
  const api = await createApi({
    database,
    secrets,
    delivery: new DeliveryClient(DELIVERY_URL, delivery.request, secrets),
    clock,
    log,
    settings: new Settings({
      apiUrl,
      deliveryUrl: DELIVERY_URL,
      dataDir,
      stripe,
      oidc,
      // Only a test that has a queue sends any: to a receiver on this machine.
      webhookAllowPrivate: queue !== null,
    }),
    queue,
    dashboard: null,
    proxies: 0,
    tls: null,
  });
  // As main.ts does: the first connections of a busy machine may take too long.
  await eventually(() => api.seed());
  api.open();

  const caller =
    (fixed: Record<string, string>): Caller =>
    async (method, path, { body, headers, raw, address } = {}) => {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const answer = await api.app.inject({
        method: method as 'GET',
        url: path,
        headers: {
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...fixed,
          ...headers,
        },
        ...(payload === undefined ? {} : { payload }),
        ...(address === undefined ? {} : { remoteAddress: address }),
      });
      const text = answer.payload;
      const isJson = /[/+]json\b/.test(String(answer.headers['content-type'])) && text !== '';
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        body: isJson ? JSON.parse(text) : null,
      };
    };
  const nobody = caller({});
  const withCookie = (cookie: string) => caller({ cookie, origin: apiUrl });

  let users = 0;
  const signUp = async (): Promise<SignedUp> => {
    const email = `user${++users}@example.com`;
    const password = PASSWORD;
    const answer = await nobody('POST', CONTROL_ROUTES.signup.path, { body: { email, password } });
    if (answer.status !== 201) throw new Error(`signing up failed: ${answer.text}`);
    const cookie = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
    return {
      call: withCookie(cookie),
      cookie,
      email,
      password,
      userId: answer.body.user.id,
      tenantId: answer.body.tenant.id,
      appId: answer.body.app.id,
    };
  };

  const demo = await readDemo(dataDir);
  if (!demo) throw new Error('the first start wrote no demo.json');
  return {
    api,
    gate,
    database,
    postgresUrl: postgres.url,
    secrets,
    clock,
    delivery,
    dataDir,
    demo,
    log: () => lines.join(''),
    nobody,
    withKey: (key) => caller({ authorization: `Bearer ${key}` }),
    withCookie,
    signUp,
    eventually,
    stop: async () => {
      await api.drain();
      await gate.shut();
      await postgres.giveBack();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const PATIENCE_MS = 20_000;

async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
