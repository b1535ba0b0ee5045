import type { SecureServerOptions, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

/** Milliseconds, as on HTTP/1.1: a first request, a whole body, and what an unused connection is kept. */
const FIRST_REQUEST_MS = 15_000;
const BODY_MS = 30_000;
const IDLE_MS = 72_000;
/** A client that does not answer a ping in this time is gone, and so are its held requests. */
const PING_MS = 15_000;
/** RFC 9113, section 7: the peer behaves in a way that costs us too much. */
const ENHANCE_YOUR_CALM = 0x0b;

/**
 * What one HTTP/2 connection may cost. Requests held at once are streams: a client that needs more of
 * them opens another connection. nghttp2 itself ends a connection that resets streams faster than it
 * could be served (rapid reset).
 */
export const HTTP2_LIMITS = {
  settings: {
    maxConcurrentStreams: 256,
    maxHeaderListSize: 16 * 1024,
    enablePush: false,
  },
  maxHeaderListPairs: 100,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxOutstandingPings: 10,
  handshakeTimeout: FIRST_REQUEST_MS,
  minVersion: 'TLSv1.2',
} as const satisfies SecureServerOptions;

/**
 * Keeps the HTTP/2 connections of a server honest, as Node's timeouts keep those of HTTP/1.1: silent and
 * slow ones are cut, an unused one ends by GOAWAY, a held one has to answer a ping now and then.
 * @returns ends them all at once, for the end of a drain.
 */
export function guardHttp2(server: NodeJS.EventEmitter): () => void {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    guard(session);
  });
  return () => {
    for (const session of sessions) session.destroy();
  };
}

function guard(session: ServerHttp2Session): void {
  let open = 0;
  const first = setTimeout(() => session.close(), FIRST_REQUEST_MS);
  session.once('close', () => clearTimeout(first));
  session.on('stream', (stream) => {
    clearTimeout(first);
    open += 1;
    stream.once('close', () => (open -= 1));
    if (!stream.endAfterHeaders) limitBody(stream);
  });
  session.setTimeout(IDLE_MS);
  session.on('timeout', () => {
    if (open === 0) {
      session.close();
      return;
    }
    const late = setTimeout(() => session.destroy(), PING_MS);
    session.once('close', () => clearTimeout(late));
    session.ping(() => clearTimeout(late));
    session.setTimeout(IDLE_MS);
  });
}

function limitBody(stream: ServerHttp2Stream): void {
  const late = setTimeout(() => stream.close(ENHANCE_YOUR_CALM), BODY_MS);
  const done = () => clearTimeout(late);
  stream.once('end', done);
  stream.once('close', done);
}
