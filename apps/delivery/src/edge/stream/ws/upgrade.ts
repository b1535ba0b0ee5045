import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { Problem, SOCKET_LIMIT, SOCKET_PROTOCOL } from '#contracts';
import { WebSocketServer } from 'ws';
import { NodeExchange, type ExchangeHost } from '../../exchange.js';
import { TellingSocket } from './telling-socket.js';

const SOCKET_PATH = '/v1/ws';

/** Only this becomes an upgrade: an `Upgrade: h2c`, as some clients send by default, is answered as HTTP/1.1. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

const server = new WebSocketServer({
  noServer: true,
  WebSocket: TellingSocket,
  clientTracking: false,
  maxPayload: SOCKET_LIMIT.frameBytes,
  // Compression takes 300 kB a connection, and mixes secrets with what others wrote.
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
});

/**
 * A request that asks to become a WebSocket. Until it is accepted it is an exchange like any other: it
 * is refused as HTTP, through the same gate.
 */
export class UpgradeExchange extends NodeExchange {
  private readonly answer: ServerResponse;

  constructor(
    private readonly request: IncomingMessage,
    private readonly socket: Duplex,
    private readonly head: Buffer,
    host: ExchangeHost,
  ) {
    const answer = new ServerResponse(request);
    super(request, answer, host);
    this.answer = answer;
    answer.shouldKeepAlive = false;
    answer.assignSocket(socket as Socket);
    answer.on('finish', () => {
      answer.detachSocket(socket as Socket);
      socket.end();
    });
    // The client may go while its token is being verified.
    socket.on('error', () => socket.destroy());
  }

  /**
   * Calls `take` before it returns, unless the handshake is broken: then it is answered.
   * @throws Problem not_found, invalid_request
   */
  accept(take: (socket: TellingSocket) => void): void {
    if (!/^[+/0-9A-Za-z]{22}==$/.test(this.header('sec-websocket-key') ?? '')) {
      throw new Problem(
        'invalid_request',
        'The WebSocket handshake has no valid Sec-WebSocket-Key. Let a WebSocket library make the connection.',
      );
    }
    this.answer.detachSocket(this.socket as Socket);
    server.handleUpgrade(this.request, this.socket, this.head, take);
  }
}

/** Takes the upgrades of a server: those to the one path go to the router, the rest are turned away. */
export function takeUpgrades(
  host: ExchangeHost,
  handle: (exchange: NodeExchange) => void,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    const exchange = new UpgradeExchange(request, socket, head, host);
    if (exchange.path === SOCKET_PATH) handle(exchange);
    else {
      exchange.refuse(
        new Problem('not_found', `There is no WebSocket here. It is at GET ${SOCKET_PATH}.`),
      );
    }
  };
}
