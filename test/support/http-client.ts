import { request, type Agent, type IncomingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';

/** One request, as plain as HTTP: nothing is retried, followed or made up. */
export interface Ask {
  readonly method?: string;
  /** An API key or a client token, sent as `Authorization: Bearer`. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; `type` names its media type. */
  readonly raw?: string | Uint8Array;
  readonly type?: string;
  readonly agent?: Agent;
  readonly tls?: ClientTls;
  /** Milliseconds until the client gives up. */
  readonly timeoutMs?: number;
}

/** For an https URL: whom to trust, and the certificate to show (PEM). */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; throws with the body's text where it is none. */
  readonly json: unknown;
  /** When the last byte came (performance.now). */
  readonly at: number;
}

/** A request under way. */
export interface Asked {
  readonly reply: Promise<Reply>;
  /** True once there is an answer or a failure. */
  readonly settled: boolean;
  /** Closes the connection as a client that goes away would. */
  abort(): void;
}

export function start(url: string, options: Ask = {}): Asked {
  const body = options.json === undefined ? options.raw : JSON.stringify(options.json);
  const type = options.type ?? (options.json === undefined ? undefined : 'application/json');
  const headers: Record<string, string> = {
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...options.headers,
  };
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const { hostname, port } = new URL(url);
  // The path goes out as it was written: a URL parser would resolve dots and escape what is under test.
  const path = /^\w+:\/\/[^/]+(.*)$/.exec(url)?.[1] || '/';
  const outgoing = (url.startsWith('https:') ? requestTls : request)({
    ...options.tls,
    hostname,
    port,
    path,
    method,
    headers,
    agent: options.agent ?? false,
  });
  let settled = false;
  const reply = new Promise<Reply>((resolve, reject) => {
    outgoing.setTimeout(options.timeoutMs ?? 70_000, () => {
      outgoing.destroy(new Error(`No answer in time: ${method} ${url}`));
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          at: performance.now(),
          get json(): unknown {
            try {
              return JSON.parse(text) as unknown;
            } catch {
              throw new Error(
                `${method} ${url} answered ${incoming.statusCode} with no JSON: ${text.slice(0, 500)}`,
              );
            }
          },
        });
      });
    });
  }).finally(() => (settled = true));
  // An aborted request that nobody awaits is not a fault of the test.
  reply.catch(() => undefined);
  outgoing.end(body);
  return {
    reply,
    get settled() {
      return settled;
    },
    abort: () => outgoing.destroy(),
  };
}

export function ask(url: string, options: Ask = {}): Promise<Reply> {
  return start(url, options).reply;
}
