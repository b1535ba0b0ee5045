import { Problem, SocketQuery } from '#contracts';
import type { Principal } from '#access';
import type { EdgeContext } from '../../context.js';
import type { Exchange } from '../../exchange.js';
import { schemaProblem } from '../../faults.js';
import { leavePlaces, takePlaces } from '../../places.js';
import { SocketConnection } from './connection.js';
import { UpgradeExchange } from './upgrade.js';

const Query = SocketQuery.strict();

/** GET /v1/ws: a WebSocket, with the messages, cursors and publish of the HTTP routes. */
export function webSocket(context: EdgeContext, exchange: Exchange, principal: Principal): void {
  const query = Query.safeParse(Object.fromEntries(new URLSearchParams(exchange.query)));
  if (!query.success) {
    throw schemaProblem('invalid_request', query.error, 'The query is not valid');
  }
  if (!(exchange instanceof UpgradeExchange)) {
    exchange.always(['Upgrade', 'websocket']);
    throw new Problem(
      'upgrade_required',
      'This address is a WebSocket: connect with a WebSocket client (ws:// or wss://). With plain HTTP use GET /v1/messages.',
    );
  }
  const places = [{ principal, channels: [] }];
  takePlaces(context, places, 'stream');
  let isTaken = false;
  try {
    exchange.accept((socket) => {
      isTaken = true;
      new SocketConnection(context, exchange, principal, socket).open();
    });
  } finally {
    // A broken handshake is answered without a connection.
    if (!isTaken) leavePlaces(context, places, 'stream');
  }
}
