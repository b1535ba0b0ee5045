import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeAccount } from './account.js';
import { FakeClock } from './clock.js';
import { Cycles } from './cycles.js';
import { Faults } from './faults.js';
import { parseForm } from './form.js';
import { IdempotentAnswers, type Answer } from './idempotency.js';
import { Invoicing } from './invoicing.js';
import { invalid, Refusal } from './refusal.js';
import { Checkout } from './resources/checkout.js';
import { creditGrantRoutes } from './resources/credit-grants.js';
import { customerRoutes } from './resources/customers.js';
import { disputeRoutes, openDispute } from './resources/disputes.js';
import { eventRoutes } from './resources/events.js';
import { invoiceRoutes } from './resources/invoices.js';
import { meterEventRoutes } from './resources/meter-events.js';
import { meterRoutes } from './resources/meters.js';
import { portalRoutes } from './resources/portal.js';
import { priceRoutes } from './resources/prices.js';
import { productRoutes } from './resources/products.js';
import { subscriptionRoutes } from './resources/subscriptions.js';
import { RouteTable } from './routes.js';
import { FakeWebhooks } from './webhooks.js';

/**
 * As much of Stripe as Holdline uses, in memory and on a clock of its own: an account that remembers,
 * bills as time passes, tells its endpoints, and goes wrong as Stripe's documentation says it can.
 */
export class FakeStripe {
  readonly clock: FakeClock;
  readonly webhooks: FakeWebhooks;
  readonly account: FakeAccount;
  readonly faults = new Faults();
  /** `METHOD /path` of every request that arrived, for tests that count them. */
  readonly requests: string[] = [];
  private readonly answers: IdempotentAnswers;
  private readonly cycles: Cycles;
  readonly invoicing: Invoicing;
  private readonly checkout: Checkout;
  private readonly table: RouteTable;
  private readonly server: Server;
  private port = 0;

  constructor(start: Date) {
    this.clock = new FakeClock(start.getTime());
    this.webhooks = new FakeWebhooks(this.clock);
    this.account = new FakeAccount(this.clock, this.webhooks);
    this.answers = new IdempotentAnswers(this.clock);
    this.invoicing = new Invoicing(this.account);
    this.cycles = new Cycles(this.account, this.invoicing);
    this.checkout = new Checkout(this.account, this.invoicing, () => this.url);
    this.table = new RouteTable(
      customerRoutes(this.account),
      productRoutes(this.account),
      priceRoutes(this.account),
      meterRoutes(this.account),
      meterEventRoutes(this.account),
      subscriptionRoutes(this.account, this.invoicing, this.cycles),
      this.checkout.routes(),
      portalRoutes(this.account, () => this.url),
      invoiceRoutes(this.account, this.invoicing),
      creditGrantRoutes(this.account),
      eventRoutes(this.account),
      disputeRoutes(this.account),
    );
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** What STRIPE_HOST and stripe-node's host, port and protocol are made of. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Lets time pass: periods end, drafts become final, payments are taken. */
  advance(ms: number): void {
    this.cycles.advanceTo(this.clock.now() + ms);
  }

  advanceTo(moment: Date): void {
    this.cycles.advanceTo(moment.getTime());
  }

  /** As when the customer pays on the checkout page. */
  completeCheckout(session: string) {
    return this.checkout.complete(session);
  }

  openDispute(amount: number, currency: string): string {
    return openDispute(this.account, amount, currency);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = 'GET', url = '/' } = request;
    const [path = '/', query = ''] = url.split('?', 2);
    this.requests.push(`${method} ${path}`);
    const body = Buffer.concat(chunks).toString('utf8');
    const fault = this.faults.next(`${method} ${path}`);
    if (fault === 'cut') return void request.socket.destroy();
    const answer =
      this.payPage(method, path) ??
      this.answer(request, method, path, method === 'POST' ? body : query, fault);
    if (fault === 'lost') return void request.socket.destroy();
    if (fault === 'silent') return;
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'request-id': `req_fake${this.requests.length}`,
      ...answer.headers,
    });
    response.end(answer.body);
  }

  /** Visiting a session's page pays it, and leads on to where the session said. */
  private payPage(method: string, path: string): Answer | null {
    const session = /^\/pay\/(cs_\w+)$/.exec(path)?.[1];
    if (method !== 'GET' || session === undefined) return null;
    const { success_url: location } = this.checkout.complete(session);
    return { status: 303, body: '', headers: { location: location ?? '/' } };
  }

  private answer(
    request: IncomingMessage,
    method: string,
    path: string,
    form: string,
    fault: string | null,
  ): Answer {
    const key = method === 'POST' ? request.headers['idempotency-key'] : undefined;
    const name = typeof key === 'string' ? key : null;
    try {
      if (!/^Bearer (sk|rk)_test_\w+$/.test(request.headers.authorization ?? '')) {
        throw new Refusal(401, 'invalid_request_error', 'Invalid API Key provided.');
      }
      if (fault === 'rate') {
        throw new Refusal(
          429,
          'rate_limit_error',
          'Too many requests.',
          { code: 'rate_limit' },
          {
            'retry-after': '2',
          },
        );
      }
      if (fault === 'conflict') {
        throw new Refusal(409, 'invalid_request_error', 'The object is locked.', {
          code: 'lock_timeout',
        });
      }
      if (fault === 'refused') throw invalid('Stripe does not take this.');
    } catch (error) {
      return refused(error);
    }
    if (name !== null) {
      try {
        const kept = this.answers.begin(name, `${method} ${path} ${form}`);
        if (kept) return kept;
      } catch (error) {
        return refused(error);
      }
    }
    const answer = this.execute(method, path, form, fault);
    if (name !== null) {
      // Refused before it was executed: nothing is kept. An error of the server is.
      if (answer.status >= 400 && answer.status < 500) this.answers.drop(name);
      else this.answers.keep(name, answer);
    }
    return answer;
  }

  private execute(method: string, path: string, form: string, fault: string | null): Answer {
    try {
      if (fault === 'error') throw new Refusal(500, 'api_error', 'Something went wrong at Stripe.');
      const handle = this.table.find(method, path);
      if (!handle)
        throw new Refusal(404, 'invalid_request_error', `Unrecognized: ${method} ${path}`);
      return { status: 200, body: JSON.stringify(handle(parseForm(form))), headers: {} };
    } catch (error) {
      return refused(error);
    }
  }
}

function refused(error: unknown): Answer {
  if (!(error instanceof Refusal)) throw error;
  return { status: error.status, body: JSON.stringify(error.body), headers: error.headers };
}
