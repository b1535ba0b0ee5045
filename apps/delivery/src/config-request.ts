import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { InternalIdentity } from '#access';
import type { Config } from '#platform';

/** Bytes of one answer at most: a configuration larger than this needs another way of being told. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface ConfigRequest {
  readonly url: string;
  readonly bearer: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** GETs JSON from api. Rejects unless the answer is a whole 200. */
export type RequestConfig = (request: ConfigRequest) => Promise<unknown>;

/**
 * How delivery reaches api. Where both serve TLS from one machine, delivery knows api by its certificate,
 * which is its own too, and not by a name: it may be self-signed, and name the public host only. Where
 * clients have to show a certificate (TLS_CLIENT_CA), delivery shows the one that comes from the master key.
 */
export function configRequester(config: Config, identity: InternalIdentity): RequestConfig {
  const own = config.tls && {
    ca: readFileSync(config.tls.cert),
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
  };
  return ({ url, bearer, timeoutMs, signal }) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${bearer}` };
      const options = { headers, signal, timeout: timeoutMs };
      const request = url.startsWith('https:')
        ? https.get(
            url,
            { ...options, ...identity, ...(own && config.isInternalApiOurs ? own : {}) },
            take,
          )
        : http.get(url, options, take);
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on('error', reject);

      function take(response: http.IncomingMessage): void {
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`the control plane answered ${response.statusCode}`));
          return;
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > MAX_BYTES)
            request.destroy(new Error(`an answer of more than ${MAX_BYTES} bytes`));
        });
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      }
    });
}
