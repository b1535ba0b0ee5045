import { channelNameFault, Problem } from '#contracts';
import type { EdgeContext } from './context.js';
import { history } from './history.route.js';
import { poll } from './poll.route.js';
import { publishBatch } from './publish-batch.route.js';
import { publish } from './publish.route.js';
import { receive } from './receive.route.js';
import { RouteTable } from './route-table.js';
import { tokens } from './tokens.route.js';

/** Every route of the data plane: one line each. */
export function dataPlaneRoutes(context: EdgeContext): RouteTable {
  const table = new RouteTable();
  table.add('GET', '/v1/channels/{channel}/messages', (exchange, who, [channel]) =>
    receive(
      context,
      exchange,
      who,
      context.plans.parse(exchange.path, exchange.query, channelIn(channel)),
    ),
  );
  table.add('POST', '/v1/channels/{channel}/messages', (exchange, who, [channel]) =>
    publish(context, exchange, who, channelIn(channel)),
  );
  table.add('GET', '/v1/channels/{channel}/history', (exchange, who, [channel]) =>
    history(context, exchange, who, channelIn(channel)),
  );
  table.add('GET', '/v1/messages', (exchange, who) =>
    receive(context, exchange, who, context.plans.parse(exchange.path, exchange.query, null)),
  );
  table.add('POST', '/v1/messages', (exchange, who) => publishBatch(context, exchange, who));
  table.addOpen('POST', '/v1/poll', (exchange) => poll(context, exchange));
  table.add('POST', '/v1/tokens', (exchange, who) => tokens(context, exchange, who));
  return table;
}

/**
 * The channel that a path names.
 * @throws Problem invalid_request
 */
function channelIn(segment: string | undefined): string {
  const encoded = segment ?? '';
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
