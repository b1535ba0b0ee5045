import type { Exchange } from './exchange.js';

export function sendJson(exchange: Exchange, status: number, text: string): void {
  exchange.send(
    status,
    [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(Buffer.byteLength(text)),
      'Cache-Control',
      'no-store',
    ],
    text,
  );
}
