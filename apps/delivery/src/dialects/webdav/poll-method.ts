import http, { type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const BEGINNING = Buffer.from('POLL /dav/');
/** Where the parser stops: it takes `PO` for the beginning of POST. */
const STOPS_AT = 2;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** As a POST that names its method, which anybody may send; and one answer ends the connection. */
const REWRITTEN = 'POST /dav/';
const ADDED = 'X-HTTP-Method-Override: POLL\r\nConnection: close\r\n';
/** A body, another protocol, or an interim answer: a POLL has none. */
const REFUSED = /^(?:content-length:(?!\s*0\s*$)|transfer-encoding|upgrade|expect)/im;

interface ParseError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/**
 * The method POLL over HTTP/1.1. Node's parser knows a fixed list of methods and POLL is not in it, so
 * the connection ends up among the broken requests; here such a head is read again, by a parser of its
 * own, as the POST that it may also be sent as. Nothing can be smuggled by it: only a head that begins
 * where the parser expected a method, that is whole, with no body and nothing after it is taken, and
 * whatever comes later on the connection is thrown away.
 */
export class PollMethod {
  private readonly begun = new WeakMap<Socket, Buffer>();
  private readonly taken = new WeakSet<Socket>();
  private readonly server: http.Server;

  constructor(
    private readonly maxHeadBytes: number,
    front: RequestListener,
  ) {
    this.server = http.createServer({ maxHeaderSize: maxHeadBytes, keepAlive: false }, front);
  }

  /** What became of bytes that are no HTTP request. @returns whether they are a POLL, or its beginning. */
  take(error: Error, socket: Socket): boolean {
    // What comes after a POLL, and the time limit of the head that its first parser never finished.
    if (this.taken.has(socket)) return true;
    const { code, rawPacket, bytesParsed } = error as ParseError;
    const before = this.begun.get(socket);
    if (!rawPacket || code !== 'HPE_INVALID_METHOD') return false;
    if (!before && !(bytesParsed === STOPS_AT && startsWith(rawPacket, BEGINNING))) return false;
    const head = before ? Buffer.concat([before, rawPacket]) : Buffer.from(rawPacket);
    const end = head.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (head.length > this.maxHeadBytes) return false;
      this.begun.set(socket, head);
      return true;
    }
    this.begun.delete(socket);
    const text = head.toString('latin1');
    if (end + END_OF_HEAD.length !== head.length || REFUSED.test(text)) return false;
    this.taken.add(socket);
    const line = text.indexOf('\r\n') + 2;
    const rewritten = REWRITTEN + text.slice(BEGINNING.length, line) + ADDED + text.slice(line);
    this.server.emit('connection', new OneRequest(socket, Buffer.from(rewritten, 'latin1')));
    return true;
  }
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning);
}

/** A connection on which one request has come, and nothing more will. */
class OneRequest extends Duplex {
  readonly remoteAddress: string | undefined;

  constructor(
    private readonly socket: Socket,
    request: Buffer,
  ) {
    super();
    this.remoteAddress = socket.remoteAddress;
    socket.on('close', () => this.destroy());
    this.push(request);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.writableFinished) this.socket.destroy();
    done(error);
  }
}
