import type { Exchange } from '../exchange.js';

const STREAMS: Readonly<Record<string, 'sse' | 'ndjson' | null>> = {
  'text/event-stream': 'sse',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/json': null,
  '*/*': null,
};

/** The stream that a client asks for by `Accept`, the first type that is known; null: one held answer. */
export function streamAsked(exchange: Exchange): 'sse' | 'ndjson' | null {
  const accept = exchange.header('accept');
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return null;
  for (const range of accept.split(',', 20)) {
    const type = (range.split(';', 1)[0] as string).trim().toLowerCase();
    const stream = STREAMS[type];
    if (stream !== undefined) return stream;
  }
  return null;
}

/**
 * The query's `access_token`, where one is taken: for a stream and for a WebSocket, as a browser's
 * EventSource and WebSocket cannot send headers. Elsewhere a credential does not belong into a URL.
 */
export function accessToken(exchange: Exchange): string | undefined {
  const { query } = exchange;
  if (!query.includes('access_token=')) return undefined;
  if (exchange.path !== '/v1/ws' && (exchange.method !== 'GET' || streamAsked(exchange) === null)) {
    return undefined;
  }
  return new URLSearchParams(query).get('access_token') ?? undefined;
}
