/**
 * An HTTP/1.1 client that costs less than any server it measures: one request at a time on a kept
 * connection, answers with Content-Length only. Chunked answers are refused with an error, so that
 * a server that begins to send them is noticed instead of being measured wrongly.
 */
import { connect } from 'node:net';

/** Reads are handled before the next one begins, so all connections share one buffer. */
const shared = Buffer.allocUnsafe(256 * 1024);
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * `body` is only valid inside the callback.
 * @typedef {{ status: number, head: string, body: Buffer }} Answer
 * @typedef {{ host: string, port: number }} Address
 */

export class Connection {
  #pending = /** @type {Buffer | null} */ (null);
  #answered;
  #failed;
  #waiting = false;
  #closed = false;
  /** @type {import('node:net').Socket} */
  #socket;

  /**
   * @param {Address} address
   * @param {(answer: Answer, connection: Connection) => void} answered
   * @param {(error: Error) => void} failed called at most once; the connection is unusable then
   * @param {() => void} [connected]
   */
  constructor(address, answered, failed, connected) {
    this.#answered = answered;
    this.#failed = failed;
    this.#socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length, buffer) => {
          this.#read(/** @type {Buffer} */ (buffer).subarray(0, length));
          return true;
        },
      },
    });
    if (connected) this.#socket.once('connect', connected);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () =>
      this.#fail(
        new Error(`The server closed a connection${this.#waiting ? ' that waited' : ''}.`),
      ),
    );
  }

  /** @param {Buffer | string} request a whole request; the one before must have been answered */
  send(request) {
    if (this.#waiting) throw new Error('A request was sent before the last one was answered.');
    this.#waiting = true;
    this.#socket.write(request);
  }

  close() {
    this.#closed = true;
    this.#socket.destroy();
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.#closed) return;
    this.close();
    this.#failed(error);
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    const data = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = null;
    const headEnd = data.indexOf(HEAD_END);
    if (headEnd < 0) {
      this.#pending = Buffer.from(data);
      return;
    }
    const head = data.toString('latin1', 0, headEnd);
    // 204 has no body, and therefore no length either.
    const length = head.startsWith('204', 9) ? '0' : LENGTH.exec(head)?.[1];
    if (length === undefined) {
      this.#fail(new Error(`An answer came without Content-Length:\n${head}`));
      return;
    }
    const end = headEnd + 4 + Number(length);
    if (data.length < end) {
      this.#pending = Buffer.from(data);
      return;
    }
    if (data.length > end || !this.#waiting) {
      this.#fail(new Error(`The server sent more than was asked for, after:\n${head}`));
      return;
    }
    this.#waiting = false;
    const status = Number(head.slice(9, 12));
    this.#answered({ status, head, body: data.subarray(headEnd + 4, end) }, this);
  }
}

/**
 * One request after another, each with its answer as a promise. It connects for the first one: a server
 * may well cut a connection on which nothing is asked while a scenario still opens its holds.
 */
export class Requester {
  /** @type {{ resolve: (answer: Answer) => void, reject: (error: Error) => void } | null} */
  #asked = null;
  /** @type {Error | null} */
  #broken = null;
  /** @type {Connection | null} */
  #connection = null;
  #address;

  /** @param {Address} address */
  constructor(address) {
    this.#address = address;
  }

  /**
   * @param {Buffer | string} request
   * @returns {Promise<Answer>}
   */
  ask(request) {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#connection ??= this.#connect();
      this.#connection.send(request);
    });
  }

  close() {
    this.#connection?.close();
  }

  #connect() {
    return new Connection(
      this.#address,
      ({ status, head, body }) => {
        const asked = this.#asked;
        this.#asked = null;
        asked?.resolve({ status, head, body: Buffer.from(body) });
      },
      (error) => {
        this.#broken = error;
        this.#asked?.reject(error);
      },
    );
  }
}
