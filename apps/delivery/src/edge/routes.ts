import { channelNameFault, Problem } from '#contracts';
import { addDavRoutes } from '../dialects/webdav/dav.routes.js';
import type { Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { addGroupRoutes } from './groups/group-routes.js';
import { receiveDirect, sendDirect, showHome } from './direct/clients.route.js';
import { putLink, receiveLinked, removeLink, sendLinked, showLink } from './direct/links.route.js';
import { postReply, request } from './direct/requests.route.js';
import { history } from './history.route.js';
import { poll } from './poll.route.js';
import { enterPresence, leavePresence, listPresence } from './presence.route.js';
import { publishBatch } from './publish-batch.route.js';
import { publish } from './publish.route.js';
import { RouteTable } from './route-table.js';
import { receiveOrStream } from './stream/http-stream.route.js';
import { webSocket } from './stream/ws/socket.route.js';
import { tokens } from './tokens.route.js';

/** Every route of the data plane: one line each. */
export function dataPlaneRoutes(context: EdgeContext): RouteTable {
  const table = new RouteTable();
  const receive = (exchange: Exchange, who: Principal, channel: string | null) => {
    const parsed = context.plans.parse(exchange.path, exchange.query, channel);
    exchange.connection.remember(parsed.plan);
    receiveOrStream(context, exchange, who, parsed);
  };
  table.add('GET', '/v1/channels/{channel}/messages', (exchange, who, [channel]) =>
    receive(exchange, who, channelIn(channel)),
  );
  table.add('POST', '/v1/channels/{channel}/messages', (exchange, who, [channel]) =>
    publish(context, exchange, who, channelIn(channel)),
  );
  table.add('GET', '/v1/channels/{channel}/history', (exchange, who, [channel]) =>
    history(context, exchange, who, channelIn(channel)),
  );
  table.add('GET', '/v1/messages', (exchange, who) => receive(exchange, who, null));
  table.add('GET', '/v1/ws', (exchange, who) => webSocket(context, exchange, who));
  table.add('POST', '/v1/messages', (exchange, who) => publishBatch(context, exchange, who));
  table.addOpen('POST', '/v1/poll', (exchange) => poll(context, exchange));
  table.add('GET', '/v1/channels/{channel}/presence', (exchange, who, [channel]) =>
    listPresence(context, exchange, who, channelIn(channel)),
  );
  const member = '/v1/channels/{channel}/presence/{clientId}';
  table.add('PUT', member, (exchange, who, [channel, client]) =>
    enterPresence(context, exchange, who, channelIn(channel), client),
  );
  table.add('DELETE', member, (exchange, who, [channel, client]) =>
    leavePresence(context, exchange, who, channelIn(channel), client),
  );
  addGroupRoutes(table, context, channelIn);
  addDavRoutes(table, context, channelIn);
  table.add('POST', '/v1/channels/{channel}/requests', (exchange, who, [channel]) =>
    request(context, exchange, who, channelIn(channel)),
  );
  table.add('POST', '/v1/replies/{replyTo}', (exchange, who, [to]) =>
    postReply(context, exchange, who, to),
  );
  const me = '/v1/clients/me';
  table.add('GET', me, (exchange, who) => showHome(context, exchange, who, 'me'));
  table.add('POST', `${me}/messages`, (exchange, who) => sendDirect(context, exchange, who, 'me'));
  table.add('GET', `${me}/messages`, (exchange, who) =>
    receiveDirect(context, exchange, who, 'me'),
  );
  const client = '/v1/clients/{clientId}';
  table.add('GET', client, (exchange, who, [id]) => showHome(context, exchange, who, id));
  table.add('POST', `${client}/messages`, (exchange, who, [id]) =>
    sendDirect(context, exchange, who, id),
  );
  table.add('GET', `${client}/messages`, (exchange, who, [id]) =>
    receiveDirect(context, exchange, who, id),
  );
  const link = '/v1/links/{link}';
  table.add('PUT', link, (exchange, who, [name]) => putLink(context, exchange, who, name));
  table.add('GET', link, (exchange, who, [name]) => showLink(context, exchange, who, name));
  table.add('DELETE', link, (exchange, who, [name]) => removeLink(context, exchange, who, name));
  table.add('POST', `${link}/{end}/messages`, (exchange, who, names) =>
    sendLinked(context, exchange, who, names),
  );
  table.add('GET', `${link}/{end}/messages`, (exchange, who, names) =>
    receiveLinked(context, exchange, who, names),
  );
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
