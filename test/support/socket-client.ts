import type { Socket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { eventually } from './eventually.js';

export type Frame = Record<string, unknown> & { readonly type: string };

/** A WebSocket as a customer's own program would use it. */
export interface SocketClient {
  readonly socket: WebSocket;
  readonly frames: Frame[];
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
  send(frame: unknown): void;
  /** Bytes as they are, which no library would write. */
  raw(bytes: Buffer): void;
  /** The first frame, from now or before, that fits. */
  next(type: string, fits?: (frame: Frame) => boolean, withinMs?: number): Promise<Frame>;
  /** The messages of all answers so far. */
  messages(id?: string): Record<string, unknown>[];
}

/** Opens a WebSocket; rejects with the status and body where it is refused. */
export function openSocket(
  url: string,
  options: {
    key?: string;
    headers?: Record<string, string>;
    protocol?: string | null;
    ca?: string;
  } = {},
): Promise<SocketClient> {
  const { key, headers, protocol = 'holdline.v1', ca } = options;
  const client: ClientOptions = {
    ...(ca === undefined ? {} : { ca }),
    headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
  };
  const socket = new WebSocket(
    url.replace(/^http/, 'ws'),
    protocol === null ? [] : [protocol],
    client,
  );
  const frames: Frame[] = [];
  socket.on('message', (data, isBinary) => {
    if (isBinary) throw new Error('The server sent a binary frame.');
    frames.push(JSON.parse((data as Buffer).toString('utf8')) as Frame);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const self: SocketClient = {
    socket,
    frames,
    closed,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    raw: (bytes) => (socket as unknown as { _socket: Socket })._socket.write(bytes),
    next: (type, fits = () => true, withinMs = 5000) =>
      eventually(`a frame ${type}`, withinMs, () =>
        frames.find((frame) => frame.type === type && fits(frame)),
      ),
    messages: (id) =>
      frames
        .filter((frame) => frame.type === 'messages' && (id === undefined || frame['id'] === id))
        .flatMap((frame) => frame['messages'] as Record<string, unknown>[]),
  };
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(self));
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        reject(new Error(`${response.statusCode} ${Buffer.concat(chunks).toString('utf8')}`)),
      );
    });
    socket.on('error', reject);
  });
}
