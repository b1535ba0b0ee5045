import { Problem } from '#contracts';
import type { EdgeContext } from './context.js';
import { isPreflight, openToPages, preflight } from './cors.js';
import type { Exchange } from './exchange.js';
import { asProblem } from './faults.js';
import { identify, refuseKeyInUrl } from './gate.js';
import type { ParsedReceive } from './receive-plan.js';
import type { RouteTable } from './route-table.js';
import { dataPlaneRoutes } from './routes.js';
import { receiveOrStream } from './stream/http-stream.route.js';

/**
 * The data plane: every request under /v1 comes here, in front of any framework. Each is answered
 * exactly once; whatever is thrown on the way becomes a problem document.
 */
export class EdgeRouter {
  private readonly table: RouteTable;

  constructor(
    private readonly context: EdgeContext,
    private readonly isDraining: () => boolean,
  ) {
    this.table = dataPlaneRoutes(context);
  }

  handle(exchange: Exchange): void {
    try {
      openToPages(exchange);
      const done = this.dispatch(exchange);
      if (done) done.catch((error: unknown) => this.fail(exchange, error));
    } catch (error) {
      this.fail(exchange, error);
    }
  }

  private dispatch(exchange: Exchange): void | Promise<void> {
    if (isPreflight(exchange)) return preflight(exchange);
    refuseKeyInUrl(exchange);
    if (this.isDraining()) {
      throw new Problem('draining', 'This server is shutting down and takes no new requests.', {
        retryAfter: 1,
      });
    }
    if (!this.context.isConfigured()) {
      throw new Problem(
        'unavailable',
        'This server has just started and does not know its tenants yet.',
        { retryAfter: 1 },
      );
    }
    const again = exchange.connection.recall(exchange.method, exchange.url);
    if (again) return this.receiveAgain(exchange, again);
    const { route, params } = this.table.find(exchange);
    if (route.kind === 'open') return route.handle(exchange, params);
    const principal = identify(this.context, exchange);
    if (!(principal instanceof Promise)) return route.handle(exchange, principal, params);
    return principal.then((known) => route.handle(exchange, known, params));
  }

  /** The most frequent request of all, without looking for its route and reading its query anew. */
  private receiveAgain(exchange: Exchange, again: ParsedReceive): void | Promise<void> {
    const { context } = this;
    const principal = identify(context, exchange);
    if (!(principal instanceof Promise)) {
      return receiveOrStream(context, exchange, principal, again);
    }
    return principal.then((known) => receiveOrStream(context, exchange, known, again));
  }

  private fail(exchange: Exchange, error: unknown): void {
    exchange.refuse(asProblem(error, 'The request could not be completed; it was logged.'));
  }
}
