import { channelNameFault, Problem } from '#contracts';
import type { Principal } from '#access';
import type { EdgeContext } from './context.js';
import { openToPages, preflight } from './cors.js';
import type { Exchange } from './exchange.js';
import { identify, refuseKeyInUrl } from './gate.js';
import { history } from './history.route.js';
import { poll } from './poll.route.js';
import { publishBatch } from './publish-batch.route.js';
import { publish } from './publish.route.js';
import { receive } from './receive.route.js';
import { tokens } from './tokens.route.js';

const CHANNELS = '/v1/channels/';

/** What a path leads to: the methods it takes and what answers each. */
type Handler = (principal: Principal) => void | Promise<void>;

/**
 * The data plane: every request under /v1 comes here, in front of any framework. Each is answered
 * exactly once; whatever is thrown on the way becomes a problem document.
 */
export class EdgeRouter {
  constructor(
    private readonly context: EdgeContext,
    private readonly options: {
      docs: string;
      log: (error: unknown) => void;
      isDraining: () => boolean;
    },
  ) {}

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
    const { method, path } = exchange;
    if (method === 'OPTIONS') return preflight(exchange);
    refuseKeyInUrl(exchange);
    if (this.options.isDraining()) {
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
    if (path === '/v1/poll') {
      if (method !== 'POST') throw wrongMethod(exchange, 'POST');
      return poll(this.context, exchange);
    }
    const handler = this.route(exchange);
    const principal = identify(exchange, this.context.authenticator);
    return principal instanceof Promise ? principal.then(handler) : handler(principal);
  }

  /** @throws Problem not_found, method_not_allowed, invalid_request */
  private route(exchange: Exchange): Handler {
    const { context } = this;
    const { method, path } = exchange;
    if (path.startsWith(CHANNELS)) {
      const slash = path.indexOf('/', CHANNELS.length);
      const rest = slash < 0 ? '' : path.slice(slash);
      if (rest === '/messages') {
        const channel = channelOf(path.slice(CHANNELS.length, slash));
        if (method === 'GET') {
          return (who) =>
            receive(context, exchange, who, context.plans.parse(path, exchange.query, channel));
        }
        if (method === 'POST') return (who) => publish(context, exchange, who, channel);
        throw wrongMethod(exchange, 'GET, POST');
      }
      if (rest === '/history') {
        const channel = channelOf(path.slice(CHANNELS.length, slash));
        if (method === 'GET') return (who) => history(context, exchange, who, channel);
        throw wrongMethod(exchange, 'GET');
      }
    } else if (path === '/v1/messages') {
      if (method === 'GET') {
        return (who) =>
          receive(context, exchange, who, context.plans.parse(path, exchange.query, null));
      }
      if (method === 'POST')
        return (who) => publishBatch(context, exchange, who, this.options.docs);
      throw wrongMethod(exchange, 'GET, POST');
    } else if (path === '/v1/tokens') {
      if (method === 'POST') return (who) => tokens(context, exchange, who);
      throw wrongMethod(exchange, 'POST');
    }
    throw new Problem(
      'not_found',
      `There is nothing at ${method} ${path.slice(0, 200)}. The routes stand in /openapi.json.`,
    );
  }

  private fail(exchange: Exchange, error: unknown): void {
    if (error instanceof Problem) {
      exchange.refuse(error);
      return;
    }
    this.options.log(error);
    exchange.refuse(new Problem('internal', 'The request could not be completed; it was logged.'));
  }
}

function channelOf(encoded: string): string {
  let channel = encoded;
  if (encoded.includes('%')) {
    try {
      channel = decodeURIComponent(encoded);
    } catch {
      throw new Problem(
        'invalid_request',
        'The channel in the path is not valid percent-encoded UTF-8.',
      );
    }
  }
  const fault = channelNameFault(channel);
  if (fault) throw new Problem('invalid_request', `Not a channel: ${fault}.`);
  return channel;
}

function wrongMethod(exchange: Exchange, allow: string): Problem {
  exchange.always(['Allow', allow]);
  return new Problem(
    'method_not_allowed',
    `${exchange.path.slice(0, 200)} takes ${allow}, not ${exchange.method}.`,
  );
}
