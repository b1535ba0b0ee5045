import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAscii } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { HEADER, Problem, problemHeaders, PROBLEM_TYPE, type ProblemDocument } from '#contracts';
import { clientAddress, plainAddress } from '#platform';
import { Connection } from './connection.js';

/** Names and values in turn, as they go on the wire. */
export type FlatHeaders = readonly string[];

/**
 * One request and its one answer: who asks, what for, answer these bytes, gone. The routes know nothing
 * else of HTTP, so what carries an exchange can be replaced without touching them.
 */
export interface Exchange {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly path: string;
  /** What follows the question mark, raw; '' for none. */
  readonly query: string;
  /** The client's address, as far as it is known: see TRUST_PROXY. */
  readonly address: string;
  readonly connection: Connection;
  /** Whose credential it brought, as far as that is known: its refusals are counted there. */
  appId: string | null;
  /** @param name in lower case. */
  header(name: string): string | undefined;
  /** @throws Problem message_too_large beyond `maxBytes`; the connection is closed then. */
  body(maxBytes: number): Promise<Buffer>;
  /** Answers, once; a second call is ignored. */
  send(status: number, headers: FlatHeaders, body: Buffer | string | AsciiText | null): void;
  refuse(problem: Problem): void;
  /** Answers 200, once, with what is written from then on. */
  open(headers: FlatHeaders): OpenAnswer;
  /** A problem as it stands inside an answer: it gets an id, is counted and logged like a refusal. */
  report(problem: Problem): ReportedProblem;
  /** Calls back if the client goes away before the answer is written. */
  onGone(callback: () => void): void;
  /** Calls back once, when the answer has left this process whole, or never will. */
  onEnd(callback: (isWhole: boolean) => void): void;
  /** Adds headers that the answer carries whatever it will be (CORS, Allow, Upgrade). */
  always(headers: FlatHeaders): void;
}

export type ReportedProblem = ProblemDocument & { readonly requestId: string };

/** An answer that goes on: bytes as they come, until the end. */
export interface OpenAnswer {
  /** Calls back when the chunk has left this process, or never will. */
  write(chunk: Buffer, isLast: boolean, taken: (fault?: Error | null) => void): void;
  end(): void;
  /** Ends the connection at once. */
  cut(): void;
}

/** Text of ASCII alone: Node writes it together with the head, where bytes would take a write of their own. */
export interface AsciiText {
  readonly ascii: string;
}

/** Beyond this, copying the text for each receiver costs more than a second write. */
const ASCII_BYTES = 16 * 1024;

/** The same bytes as text; null where that is not possible or not worth it. */
export function asciiText(bytes: Buffer): AsciiText | null {
  return bytes.length <= ASCII_BYTES && isAscii(bytes) ? { ascii: bytes.toString('latin1') } : null;
}

const NONE: FlatHeaders = [];

/** Bytes of a refused body that are read and thrown away; then the connection is cut. */
const DISCARDED_BYTES = 64 * 1024 * 1024;

/** What all exchanges of a server share. */
export interface ExchangeHost {
  /** Where the docs are, for the `type` of a problem. */
  readonly docs: string;
  /** Proxies of our own in front of us. */
  readonly proxies: number;
  /** While true every answer ends its connection. */
  draining: boolean;
  /** @param app whose credential was refused; null: nobody's. */
  refused(problem: Problem, requestId: string, app: string | null): void;
}

/** An exchange carried by Node's HTTP server. */
export class NodeExchange implements Exchange {
  readonly path: string;
  readonly query: string;
  appId: string | null = null;
  private extra: FlatHeaders = NONE;
  private from: string | null = null;

  constructor(
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
    private readonly host: ExchangeHost,
  ) {
    const url = req.url as string;
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
  }

  get method(): string {
    return this.req.method as string;
  }

  get url(): string {
    return this.req.url as string;
  }

  get connection(): Connection {
    return Connection.of(this.req.socket);
  }

  get address(): string {
    return (this.from ??= this.findAddress());
  }

  private findAddress(): string {
    const { req, host } = this;
    const peer = (this.connection.peer ??= plainAddress(req.socket.remoteAddress ?? ''));
    return host.proxies === 0 ? peer : clientAddress(peer, req.headers, host.proxies);
  }

  header(name: string): string | undefined {
    const { headers } = this.req;
    // HTTP/2 calls the host by another name.
    const value = headers[name] ?? (name === 'host' ? headers[':authority'] : undefined);
    return typeof value === 'string' ? value : value?.join(', ');
  }

  always(headers: FlatHeaders): void {
    // HTTP/2 knows no headers about the connection.
    if (headers[0] === 'Upgrade' && this.req.httpVersionMajor === 2) return;
    this.extra = this.extra === NONE ? headers : this.extra.concat(headers);
  }

  onGone(callback: () => void): void {
    this.onEnd((isWhole) => {
      if (!isWhole) callback();
    });
  }

  onEnd(callback: (isWhole: boolean) => void): void {
    // A connection that has ended does not know any more where it came from.
    this.from ??= this.findAddress();
    // 'close' comes after every answer too; only an unfinished one means that the client has gone.
    this.res.on('close', () => {
      // A stream of HTTP/2 that the client resets counts as finished, though nobody ended it.
      const { res, req } = this;
      callback(req.httpVersionMajor === 2 ? res.writableEnded : res.writableFinished);
    });
  }

  send(status: number, headers: FlatHeaders, body: Buffer | string | AsciiText | null): void {
    const { res } = this;
    if (res.headersSent || res.destroyed) return;
    res.writeHead(status, this.whole(headers) as string[]);
    if (body === null) res.end();
    else if (typeof body === 'object' && 'ascii' in body) res.end(body.ascii, 'latin1');
    else res.end(body);
  }

  /** What is said always, too; a server that drains ends each connection with its answer. */
  private whole(headers: FlatHeaders): FlatHeaders {
    const all = this.extra === NONE ? headers : headers.concat(this.extra);
    return this.host.draining && this.req.httpVersionMajor === 1
      ? all.concat('Connection', 'close')
      : all;
  }

  refuse(problem: Problem): void {
    const document = this.report(problem);
    const text = JSON.stringify(document);
    const headers = [
      'Content-Type',
      PROBLEM_TYPE,
      'Content-Length',
      String(Buffer.byteLength(text)),
      'Cache-Control',
      'no-store',
      HEADER.requestId,
      document.requestId,
    ];
    if (problem.extras.retryAfter !== undefined)
      headers.push('Retry-After', String(Math.ceil(problem.extras.retryAfter)));
    if (problem.extras.limit) headers.push(...problemHeaders(problem));
    if (problem.status === 401) headers.push('WWW-Authenticate', 'Bearer, Basic realm="Holdline"');
    if (this.req.complete) this.send(problem.status, headers, text);
    else this.sendThenDiscard(problem.status, headers, text);
  }

  report(problem: Problem): ReportedProblem {
    const requestId = randomUUID();
    this.host.refused(problem, requestId, this.appId);
    return { ...problem.toDocument(this.host.docs, requestId), requestId };
  }

  open(headers: FlatHeaders): OpenAnswer {
    const { res } = this;
    res.writeHead(200, headers.concat(this.extra));
    res.flushHeaders();
    return {
      write: (chunk, _isLast, taken) => res.write(chunk, taken),
      end: () => res.end(),
      cut: () => res.destroy(),
    };
  }

  /**
   * A client that is still sending sees its answer only if its bytes go on being taken: an end of the
   * connection now would reset it. So the answer is written, and ended when the body is, or too long.
   */
  private sendThenDiscard(status: number, headers: FlatHeaders, text: string): void {
    const { req, res } = this;
    if (res.headersSent || res.destroyed) return;
    res.writeHead(status, this.whole(headers) as string[]);
    res.write(text);
    let bytes = 0;
    req.removeAllListeners('data');
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DISCARDED_BYTES) req.destroy();
    });
    req.on('end', () => res.end());
    req.on('error', () => res.destroy());
    req.resume();
  }

  body(maxBytes: number): Promise<Buffer> {
    const declared = Number(this.req.headers['content-length'] ?? 0);
    if (declared > maxBytes) return Promise.reject(tooLarge(declared, maxBytes));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      this.req.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) {
          reject(tooLarge(size, maxBytes));
        } else {
          chunks.push(chunk);
        }
      });
      this.req.on('end', () =>
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)),
      );
      this.req.on('error', () =>
        reject(new Problem('invalid_request', 'The body ended before it was complete.')),
      );
      // An HTTP/2 request that is reset has no error, only an end.
      if (this.req.httpVersionMajor === 2)
        this.req.on('close', () =>
          reject(new Problem('invalid_request', 'The body ended before it was complete.')),
        );
    });
  }
}

function tooLarge(bytes: number, max: number): Problem {
  return new Problem(
    'message_too_large',
    `The body has ${bytes} bytes or more; a request takes ${max} at most.`,
    {
      limit: { name: 'body_bytes', scope: 'request', max, used: bytes, resetAt: null },
    },
  );
}
