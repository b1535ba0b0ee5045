import type { RouteSpec } from './routes.js';
import { SOCKET_LIMIT, SOCKET_PROTOCOL, SocketQuery } from './socket.js';

/** The WebSocket's handshake; its frames stand in docs/protocol.md. */
export const SOCKET_ROUTES = {
  webSocket: {
    method: 'GET',
    path: '/v1/ws',
    tag: 'Receive',
    summary: 'Receive and publish over a WebSocket',
    description: `Subprotocol \`${SOCKET_PROTOCOL}\`. The same messages, cursors and rights as over HTTP, in frames of JSON: \`subscribe\`, \`unsubscribe\`, \`publish\` and \`ping\` from the client; \`hello\`, \`subscribed\`, \`messages\`, \`cursor\`, \`unsubscribed\`, \`published\`, \`problem\` and \`pong\` from the server. Each subscription has a cursor of its own. A frame has at most ${SOCKET_LIMIT.frameBytes} bytes; one connection has ${SOCKET_LIMIT.subscriptions} subscriptions and ${SOCKET_LIMIT.channels} channels at most.`,
    auth: 'any',
    query: SocketQuery,
    success: { status: 101, description: 'The connection is a WebSocket from here on.' },
    problems: [
      'invalid_request',
      'unauthenticated',
      'token_expired',
      'revoked',
      'forbidden',
      'key_in_url',
      'upgrade_required',
      'rate_limited',
      'unavailable',
      'draining',
    ],
  },
} as const satisfies Record<string, RouteSpec>;

/** What the receive routes answer beside JSON. */
export const STREAM_NOTE =
  'With `Accept: text/event-stream` the answer is a stream of Server-Sent Events, one for each message; the `id` of an event is the cursor after it, and `Last-Event-ID` resumes. With `Accept: application/x-ndjson` it is a line for each message, with a line `{"type":"cursor"}` after each batch. Streams also take a client token as `?access_token=`, where they are a GET.';
