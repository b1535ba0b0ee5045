import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { InternalIdentity } from '#access';
import { brokenRequest, guardHttp2, HTTP2_LIMITS, refuseConnection, type Config } from '#platform';
import fastify, { type FastifyInstance } from 'fastify';
import type { ExchangeHost } from './edge/exchange.js';
import { refuseKeyInUrl } from './edge/gate.js';
import { PollMethod } from './dialects/webdav/poll-method.js';
import { isWebSocketUpgrade } from './edge/stream/ws/upgrade.js';

/** Milliseconds: slow headers and slow bodies are cut, idle connections outlive a proxy's 60 s. */
const HEADERS_TIMEOUT = 15_000;
const REQUEST_TIMEOUT = 30_000;
const KEEP_ALIVE_TIMEOUT = 72_000;
const CHECK_INTERVAL = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;

export interface FrontedServer {
  readonly fastify: FastifyInstance;
  readonly server: http.Server;
  /** Ends every connection at once, whatever it carries: for the end of a drain. */
  readonly endConnections: () => void;
}

/**
 * One HTTP server for both: the data plane (/v1/..., /dav/...) is answered in front of Fastify, because its
 * pipeline costs half as much again per delivery as the bare server; everything else is Fastify's.
 * With TLS, HTTP/2 and HTTP/1.1 are served on the one port (ALPN).
 * @param internal the client certificate of our own processes, which mutual TLS takes besides the customers'.
 */
export function createFrontedServer(
  tls: Config['tls'],
  internal: InternalIdentity,
  host: ExchangeHost,
  dataPlane: (req: IncomingMessage, res: ServerResponse) => void,
): FrontedServer {
  let server: http.Server | undefined;
  let endSessions = () => {};
  const polls = new PollMethod(MAX_HEADER_BYTES, dataPlane);
  const instance = fastify({
    bodyLimit: 64 * 1024,
    clientErrorHandler: (error, socket) => {
      if (isBusy(socket) || !polls.take(error, socket)) answerBrokenRequest(error, socket, host);
    },
    serverFactory: (handler) => {
      const front: RequestListener = (req, res) => {
        const url = req.url as string;
        if (url.startsWith('/v1/') || url.startsWith('/dav/')) dataPlane(req, res);
        else handler(req, res);
      };
      server = tls ? secureServer(tls, internal, front) : http.createServer(timeouts(), front);
      endSessions = guardHttp2(server);
      return server;
    },
  });
  instance.addHook('onRequest', async ({ url }) => refuseKeyInUrl({ path: url, query: '' }));
  if (!server) throw new Error('the server factory was not called');
  const started = server;
  return {
    fastify: instance,
    server: started,
    endConnections: () => {
      // The server of both versions knows its HTTP/1.1 connections, but has no method of its own to end them.
      http.Server.prototype.closeAllConnections.call(started);
      endSessions();
    },
  };
}

function timeouts(): http.ServerOptions {
  return {
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    connectionsCheckingInterval: CHECK_INTERVAL,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    shouldUpgradeCallback: isWebSocketUpgrade,
    noDelay: true,
  };
}

function secureServer(
  tls: NonNullable<Config['tls']>,
  internal: InternalIdentity,
  front: RequestListener,
): http.Server {
  const options: http2.SecureServerOptions = {
    allowHTTP1: true,
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    ...(tls.clientCa
      ? {
          ca: [readFileSync(tls.clientCa), internal.cert],
          requestCert: true,
          rejectUnauthorized: true,
        }
      : {}),
    ...timeouts(),
    ...HTTP2_LIMITS,
  };
  // The compatibility API gives HTTP/2 streams the shape of HTTP/1 requests and responses.
  return http2.createSecureServer(
    options,
    front as unknown as Parameters<typeof http2.createSecureServer>[1],
  ) as unknown as http.Server;
}

/** A request of this connection is not answered yet. */
function isBusy(socket: Socket): boolean {
  return Boolean((socket as Socket & { _httpMessage?: unknown })._httpMessage);
}

/** Bytes that are no HTTP request: one answer, if the connection has none under way, and it is closed. */
function answerBrokenRequest(error: Error, socket: Socket, host: ExchangeHost): void {
  const { code } = error as NodeJS.ErrnoException;
  if (!socket.writable || isBusy(socket) || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = brokenRequest(code);
  const requestId = randomUUID();
  host.refused(problem, requestId, null);
  refuseConnection(socket, problem, host.docs, requestId);
}
