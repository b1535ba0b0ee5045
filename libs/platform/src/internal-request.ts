import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Config } from './config.js';

export interface InternalRequest {
  readonly method?: 'GET' | 'POST';
  readonly url: string;
  readonly bearer: string;
  /** Goes as JSON. */
  readonly body?: unknown;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Bytes of the answer at most. */
  readonly maxBytes: number;
}

export interface InternalAnswer {
  readonly status: number;
  /** null for an answer without a body. */
  readonly body: unknown;
}

/** Resolves with a whole answer of any status whose body is JSON; rejects with everything else. */
export type InternalRequester = (request: InternalRequest) => Promise<InternalAnswer>;

/**
 * How one of Holdline's servers asks another. Where both serve TLS from one machine, it knows the other by
 * its certificate, which is its own too, and not by a name: it may be self-signed, and name the public host
 * only. Where clients have to show a certificate (TLS_CLIENT_CA), it shows the one that comes from the
 * master key.
 * @param isOurs the other was not named by a setting, so it runs here, with the same certificate.
 */
export function internalRequester(
  tls: Config['tls'],
  identity: { readonly cert: string; readonly key: string },
  isOurs: boolean,
): InternalRequester {
  const own = tls &&
    isOurs && {
      ca: readFileSync(tls.cert),
      allowPartialTrustChain: true,
      checkServerIdentity: () => undefined,
    };
  return ({ method = 'GET', url, bearer, body, timeoutMs, signal, maxBytes }) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
      const options: http.RequestOptions = {
        method,
        timeout: timeoutMs,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(payload && {
            'content-type': 'application/json',
            'content-length': payload.length,
          }),
        },
        ...(signal && { signal }),
      };
      const request = url.startsWith('https:')
        ? https.request(url, { ...options, ...identity, ...(own || {}) }, take)
        : http.request(url, options, take);
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on('error', reject);
      request.end(payload);

      function take(response: http.IncomingMessage): void {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > maxBytes)
            request.destroy(new Error(`an answer of more than ${maxBytes} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => {
          try {
            const text = Buffer.concat(chunks).toString('utf8');
            const status = response.statusCode as number;
            resolve({ status, body: text === '' ? null : JSON.parse(text) });
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      }
    });
}
