/**
 * Many readers, each a connection that polls, takes what comes, and polls again from the cursor it
 * was given. Every message is checked: the next one of its channel, and no other, may come.
 */
import { Connection } from './http-client.mjs';
import { holdRequest, pollRequest } from './requests.mjs';
import { Tally } from './tally.mjs';

/** Connections being opened at one time: fewer than any server's backlog. */
const OPENING = 128;
const CURSOR = /\r\nholdline-cursor: *([^\r\n]*)/i;

/**
 * @typedef {import('./requests.mjs').Target} Target
 * @typedef {{ body: Buffer, numbers: number[], next: Buffer }} Decoded
 * @typedef {{ channel: string, last: number, held: boolean }} Reader
 */

export class Receivers {
  #target;
  /** @type {Connection[]} */
  #connections = [];
  /** The last answer of each channel: the next reader of the same channel most likely gets the same bytes. */
  #decoded = /** @type {Map<string, Decoded>} */ (new Map());
  #tally = new Tally();

  /** Answers that brought nothing: each is a poll that the scenario did not mean to cause. */
  emptyAnswers = 0;

  /** Called for each message with its channel and its number in it. @type {(channel: string, n: number) => void} */
  onMessage = () => undefined;

  /** @param {Target} target */
  constructor(target) {
    this.#target = target;
  }

  /** Messages received by all readers together. */
  get received() {
    return this.#tally.received;
  }

  /**
   * Opens one reader for each channel named; resolves when all have asked for their first hold.
   * @param {readonly string[]} channels
   */
  async open(channels) {
    let next = 0;
    const lane = async () => {
      for (let index = next++; index < channels.length; index = next++) {
        await this.#openOne(/** @type {string} */ (channels[index]));
      }
    };
    await this.#tally.unlessFault(Promise.all(Array.from({ length: OPENING }, lane)));
  }

  /**
   * Resolves once `count` messages have been received since the beginning.
   * @param {number} count
   * @param {number} timeoutMs
   */
  async reached(count, timeoutMs = 60_000) {
    await this.#tally.reached(count, timeoutMs);
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }

  /**
   * @param {string} channel
   * @returns {Promise<void>} when its first hold has been asked for
   */
  #openOne(channel) {
    return new Promise((resolve) => {
      /** @type {Reader} */
      const reader = { channel, last: 0, held: false };
      const connection = new Connection(
        this.#target,
        (answer) => {
          this.#answered(reader, answer, connection);
          if (!reader.held) {
            reader.held = true;
            resolve();
          }
        },
        (error) => this.#tally.fail(error),
        () => connection.send(pollRequest(this.#target, channel, 'from=now&wait=0')),
      );
      this.#connections.push(connection);
    });
  }

  /**
   * @param {Reader} reader
   * @param {import('./http-client.mjs').Answer} answer
   * @param {Connection} connection
   */
  #answered(reader, answer, connection) {
    if (answer.status !== 200) {
      this.#tally.fail(
        new Error(`A poll was answered ${answer.status}: ${answer.body.toString()}`),
      );
      return;
    }
    const known = this.#decoded.get(reader.channel);
    let decoded = known;
    if (!known || !known.body.equals(answer.body)) {
      try {
        decoded = this.#decode(reader.channel, answer);
      } catch (error) {
        this.#tally.fail(/** @type {Error} */ (error));
        return;
      }
    }
    const { numbers, next } = /** @type {Decoded} */ (decoded);
    connection.send(next);
    if (numbers.length === 0 && reader.held) this.emptyAnswers++;
    for (const n of numbers) {
      if (n !== reader.last + 1) {
        this.#tally.fail(
          new Error(`Channel ${reader.channel}: message ${n} came after message ${reader.last}.`),
        );
        return;
      }
      reader.last = n;
      this.onMessage(reader.channel, n);
    }
    this.#tally.add(numbers.length);
  }

  /**
   * @param {string} channel
   * @param {import('./http-client.mjs').Answer} answer
   */
  #decode(channel, { head, body }) {
    const value = JSON.parse(body.toString());
    const cursor = CURSOR.exec(head)?.[1];
    if (cursor !== value.cursor) {
      throw new Error(`Holdline-Cursor is ${cursor}, but the body's cursor is ${value.cursor}.`);
    }
    const decoded = {
      body: Buffer.from(body),
      numbers: value.messages.map((/** @type {any} */ message) => Number(message.data.n)),
      next: holdRequest(this.#target, channel, value.cursor),
    };
    this.#decoded.set(channel, decoded);
    return decoded;
  }
}
