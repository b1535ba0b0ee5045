/**
 * Many readers that are streamed to: NDJSON over a chunked answer, or a WebSocket each. Every message
 * is checked as the pollers check theirs: the next one of its channel, and no other, may come.
 */
import { get } from 'node:http';
import { WebSocket } from 'ws';
import { Tally } from './tally.mjs';

/** Connections being opened at one time: fewer than the server's backlog. */
const OPENING = 128;

/** @typedef {{ channel: string, last: number, opened: () => void }} Reader */

export class Streams {
  #target;
  #kind;
  #tally = new Tally();
  #isClosed = false;
  /** @type {(() => void)[]} */
  #closing = [];

  /** A stream has no empty answers. */
  emptyAnswers = 0;

  /** Called for each message with its channel and its number in it. @type {(channel: string, n: number) => void} */
  onMessage = () => undefined;

  /**
   * @param {import('./requests.mjs').Target} target
   * @param {'ndjson' | 'websocket'} kind
   */
  constructor(target, kind) {
    this.#target = target;
    this.#kind = kind;
  }

  /** Messages received by all readers together. */
  get received() {
    return this.#tally.received;
  }

  /**
   * Opens one reader for each channel named; resolves when all have their first cursor.
   * @param {readonly string[]} channels
   */
  async open(channels) {
    let next = 0;
    const lane = async () => {
      for (let index = next++; index < channels.length; index = next++) {
        const channel = /** @type {string} */ (channels[index]);
        await new Promise((resolve) => {
          const reader = { channel, last: 0, opened: () => resolve(undefined) };
          if (this.#kind === 'ndjson') this.#openLines(reader);
          else this.#openSocket(reader);
        });
      }
    };
    await this.#tally.unlessFault(Promise.all(Array.from({ length: OPENING }, lane)));
  }

  /** @param {number} count since the beginning */
  reached(count) {
    return this.#tally.reached(count);
  }

  close() {
    this.#isClosed = true;
    for (const close of this.#closing) close();
  }

  /** @param {string} why */
  #fail(why) {
    if (!this.#isClosed) this.#tally.fail(new Error(why));
  }

  /** @param {Reader} reader */
  #openLines(reader) {
    const { host, port, key } = this.#target;
    const headers = { authorization: `Bearer ${key}`, accept: 'application/x-ndjson' };
    const path = `/v1/channels/${reader.channel}/messages?from=now`;
    const request = get({ host, port, path, headers, agent: false }, (response) => {
      if (response.statusCode !== 200) this.#fail(`A stream was answered ${response.statusCode}.`);
      response.setEncoding('utf8');
      let rest = '';
      response.on('data', (/** @type {string} */ text) => {
        const lines = (rest + text).split('\n');
        rest = /** @type {string} */ (lines.pop());
        for (const line of lines) this.#took(reader, JSON.parse(line));
      });
      response.on('close', () => this.#fail('The server ended a stream.'));
    });
    request.on('error', (error) => this.#fail(error.message));
    this.#closing.push(() => request.destroy());
  }

  /** @param {Reader} reader */
  #openSocket(reader) {
    const { host, port, key } = this.#target;
    const headers = { authorization: `Bearer ${key}` };
    const socket = new WebSocket(`ws://${host}:${port}/v1/ws`, ['holdline.v1'], { headers });
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'subscribe', channels: [reader.channel] })),
    );
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString());
      if (frame.type === 'messages') for (const one of frame.messages) this.#took(reader, one);
      else this.#took(reader, frame);
    });
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', (code) => this.#fail(`The server closed a WebSocket: ${code}.`));
    this.#closing.push(() => socket.terminate());
  }

  /**
   * @param {Reader} reader
   * @param {any} item a message, or something of the stream's own, which has a `type`
   */
  #took(reader, { type, data, ...rest }) {
    if (type === undefined) {
      if (data.n !== reader.last + 1) {
        this.#fail(
          `Channel ${reader.channel}: message ${data.n} came after message ${reader.last}.`,
        );
        return;
      }
      reader.last = data.n;
      this.onMessage(reader.channel, data.n);
      this.#tally.add();
    } else if (type === 'cursor' || type === 'subscribed') {
      reader.opened();
    } else if (type === 'problem' || type === 'lost') {
      this.#fail(`A stream said ${type}: ${JSON.stringify(rest)}`);
    }
  }
}
