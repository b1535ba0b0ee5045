import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** What came back for bytes that no HTTP library would send. */
export interface RawResult {
  /** In the order they came; interim 1xx answers are left out. */
  readonly answers: readonly RawAnswer[];
  /** True when the server closed the connection (or cut it) before the client did. */
  readonly closed: boolean;
  readonly text: string;
  /** Milliseconds from the connection's start to its end. */
  readonly ms: number;
}

export interface RawOptions {
  /** Milliseconds to wait for the server to close; then the client does. */
  readonly waitMs?: number;
  /** The client closes as soon as this many answers are there. */
  readonly enough?: number;
  /** Called after connecting, to go on sending piece by piece; `write` is harmless once it is closed. */
  readonly then?: (write: (bytes: string | Uint8Array) => void, closed: AbortSignal) => void;
}

/** Writes the bytes to a new connection and reads until the server closes it or the time is over. */
export function sendRaw(
  url: string,
  bytes: string | Uint8Array,
  options: RawOptions = {},
): Promise<RawResult> {
  const { hostname, port } = new URL(url);
  const began = performance.now();
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: hostname, port: Number(port) });
    const over = new AbortController();
    const chunks: Buffer[] = [];
    let closedByServer = false;
    const timer = setTimeout(() => socket.destroy(), options.waitMs ?? 2000);
    socket.on('connect', () => {
      socket.write(bytes);
      options.then?.((more) => socket.writable && socket.write(more), over.signal);
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (options.enough !== undefined && parseAnswers(chunks).length >= options.enough)
        socket.destroy();
    });
    socket.on('end', () => {
      closedByServer = true;
      socket.end();
    });
    socket.on('error', () => (closedByServer = true));
    socket.on('close', () => {
      clearTimeout(timer);
      over.abort();
      resolve({
        answers: parseAnswers(chunks),
        closed: closedByServer,
        text: Buffer.concat(chunks).toString('latin1'),
        ms: performance.now() - began,
      });
    });
  });
}

function parseAnswers(chunks: readonly Buffer[]): RawAnswer[] {
  const text = Buffer.concat(chunks).toString('latin1');
  const answers: RawAnswer[] = [];
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return answers;
    const head = text.slice(at, end);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    const chunked = /^transfer-encoding: *chunked/im.test(head);
    const bodyAt = end + 4;
    const chunkedEnd = chunked ? text.indexOf('0\r\n\r\n', bodyAt) : -1;
    const bodyEnd = chunked
      ? chunkedEnd < 0
        ? text.length
        : chunkedEnd + 5
      : bodyAt +
        (length === undefined
          ? status >= 200 && status !== 204
            ? text.length
            : 0
          : Number(length));
    if (bodyEnd > text.length && status >= 200 && length !== undefined) return answers;
    if (status === 0 || status >= 200)
      answers.push({ status, head, body: text.slice(bodyAt, bodyEnd) });
    at = Math.min(bodyEnd, text.length);
    if (at >= text.length) return answers;
  }
}
