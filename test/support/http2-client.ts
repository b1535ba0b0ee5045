import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { ClientTls, Reply } from './http-client.js';

export interface Http2Ask {
  readonly method?: string;
  readonly key?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly json?: unknown;
  /** The caller sends the body. */
  readonly open?: boolean;
}

/** One HTTP/2 connection. Nothing is retried: a stream that is reset rejects with its error. */
export class Http2Client {
  private constructor(
    private readonly session: ClientHttp2Session,
    /** Settles when the connection has ended; false: by an error. */
    readonly ended: Promise<boolean>,
  ) {}

  static async open(url: string, tls: ClientTls): Promise<Http2Client> {
    const session = connect(url, { ...tls });
    let clean = true;
    const ended = new Promise<boolean>((resolve) => session.on('close', () => resolve(clean)));
    await new Promise<void>((resolve, reject) => {
      session.on('error', (error) => {
        clean = false;
        reject(error);
      });
      session.once('close', () => reject(new Error('The server ended the connection.')));
      session.once('remoteSettings', () => resolve());
    });
    return new Http2Client(session, ended);
  }

  get alpn(): string | undefined {
    return this.session.alpnProtocol;
  }

  get maxStreams(): number | undefined {
    return this.session.remoteSettings.maxConcurrentStreams;
  }

  /** Resolves with the error code of the server's GOAWAY. */
  get goaway(): Promise<number> {
    return new Promise((resolve) => this.session.once('goaway', resolve));
  }

  get isUsable(): boolean {
    return !this.session.closed && !this.session.destroyed;
  }

  /** A stream to send on piece by piece, or to reset. */
  stream(
    path: string,
    { method, key, headers = {}, json, open = false }: Http2Ask = {},
  ): ClientHttp2Stream {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const stream = this.session.request(
      {
        ':path': path,
        ':method': method ?? (body === undefined ? 'GET' : 'POST'),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      { endStream: body === undefined && !open },
    );
    stream.on('error', () => undefined);
    if (body !== undefined) stream.end(body);
    return stream;
  }

  ask(path: string, options: Http2Ask = {}): Promise<Reply> {
    return reply(this.stream(path, options));
  }

  async close(): Promise<void> {
    this.session.destroy();
    await this.ended;
  }
}

/** The stream's answer. */
export function reply(stream: ClientHttp2Stream): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let head: IncomingHttpHeaders | undefined;
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => (head = headers));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('close', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (!head || stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
        reject(new Error(`The stream ended with code ${stream.rstCode}`));
        return;
      }
      resolve({
        status: Number(head[':status']),
        headers: head,
        text,
        at: performance.now(),
        get json(): unknown {
          return JSON.parse(text) as unknown;
        },
      });
    });
  });
}
