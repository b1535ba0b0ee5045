import { Problem, PROBLEM_TYPE, SocketQuery } from '#contracts';
import type { Principal } from '#access';
import { checkSpend } from '#limits';
import type { EdgeContext } from '../../context.js';
import type { Exchange } from '../../exchange.js';
import { schemaProblem } from '../../faults.js';
import { SocketConnection } from './connection.js';
import { UpgradeExchange } from './upgrade.js';

const Query = SocketQuery.strict();

/** GET /v1/ws: a WebSocket, with the messages, cursors and publish of the HTTP routes. */
export function webSocket(context: EdgeContext, exchange: Exchange, principal: Principal): void {
  const query = Query.safeParse(Object.fromEntries(new URLSearchParams(exchange.query)));
  if (!query.success) {
    throw schemaProblem('invalid_request', query.error, 'The query is not valid');
  }
  if (!(exchange instanceof UpgradeExchange)) return upgradeRequired(exchange);
  const { holds } = context.limits;
  checkSpend(principal.spend);
  holds.take(principal, 'stream');
  let isTaken = false;
  try {
    exchange.accept((socket) => {
      isTaken = true;
      new SocketConnection(context, exchange, principal, socket).open();
    });
  } finally {
    // A broken handshake is answered without a connection.
    if (!isTaken) holds.release(principal, 'stream');
  }
}

function upgradeRequired(exchange: Exchange): void {
  const problem = new Problem(
    'invalid_request',
    'This address is a WebSocket: connect with a WebSocket client (ws:// or wss://). With plain HTTP use GET /v1/messages.',
  );
  const document = { ...JSON.parse(exchange.report(problem).text), status: 426 } as object;
  const text = JSON.stringify(document);
  exchange.send(
    426,
    [
      'Content-Type',
      PROBLEM_TYPE,
      'Content-Length',
      String(Buffer.byteLength(text)),
      'Upgrade',
      'websocket',
      'Cache-Control',
      'no-store',
    ],
    text,
  );
}
