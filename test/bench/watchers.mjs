/**
 * Many watchers of one channel's presence, each a connection that polls, takes the changes, and polls
 * again. Every change is checked: it follows the one before.
 */
import { Connection } from './http-client.mjs';
import { HOLD_SECONDS, pollRequest } from './requests.mjs';
import { Tally } from './tally.mjs';

/**
 * @typedef {{ body: Buffer, joined: string[], first: number, last: number, next: Buffer }} Decoded
 * @typedef {{ version: number | null, answers: number, bytes: number }} Watcher
 */

export class Watchers {
  #target;
  #channel;
  #tally = new Tally();
  /** The last answer: the next watcher most likely gets the same bytes. @type {Decoded | null} */
  #decoded = null;
  /** @type {Connection[]} */
  #connections = [];
  /** What each was answered while it held, and the bytes of that. @type {Watcher[]} */
  watchers = [];

  /** Called with the members that one watcher is told of. @type {(joined: readonly string[]) => void} */
  onJoined = () => undefined;

  /**
   * @param {import('./requests.mjs').Target} target
   * @param {string} channel
   */
  constructor(target, channel) {
    this.#target = target;
    this.#channel = channel;
  }

  /** Members that all watchers together were told of. */
  get told() {
    return this.#tally.received;
  }

  /** @param {number} count */
  async open(count) {
    const all = Promise.all(Array.from({ length: count }, () => this.#openOne()));
    await this.#tally.unlessFault(all);
  }

  /** @param {number} count members told, over all watchers */
  reached(count) {
    return this.#tally.reached(count);
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }

  #openOne() {
    return new Promise((resolve) => {
      /** @type {Watcher} */
      const watcher = { version: null, answers: 0, bytes: 0 };
      let isHeld = false;
      const connection = new Connection(
        this.#target,
        (answer) => {
          try {
            const decoded = this.#decode(answer);
            connection.send(decoded.next);
            if (isHeld) this.#took(watcher, answer, decoded);
          } catch (error) {
            this.#tally.fail(/** @type {Error} */ (error));
          }
          isHeld = true;
          resolve(undefined);
        },
        (error) => this.#tally.fail(error),
        () => connection.send(this.#poll('from=now&wait=0')),
      );
      this.#connections.push(connection);
      this.watchers.push(watcher);
    });
  }

  /**
   * @param {Watcher} watcher
   * @param {import('./http-client.mjs').Answer} answer
   * @param {Decoded} decoded
   */
  #took(watcher, { head, body }, { joined, first, last }) {
    if (watcher.version !== null && first !== watcher.version) {
      throw new Error(`A change followed version ${first}, the watcher has ${watcher.version}.`);
    }
    watcher.version = last;
    watcher.answers += 1;
    watcher.bytes += head.length + 4 + body.length;
    this.onJoined(joined);
    this.#tally.add(joined.length);
  }

  /** @param {import('./http-client.mjs').Answer} answer */
  #decode({ status, body }) {
    if (this.#decoded?.body.equals(body)) return this.#decoded;
    if (status !== 200) throw new Error(`A poll was answered ${status}: ${body.toString()}`);
    const { messages, cursor } = JSON.parse(body.toString());
    let last = messages[0]?.previous ?? 0;
    for (const { version, previous, reset } of messages) {
      if (previous !== last || reset) {
        throw new Error(`Change ${version} does not follow ${last}.`);
      }
      last = version;
    }
    this.#decoded = {
      body: Buffer.from(body),
      joined: messages.flatMap((/** @type {any} */ { joined }) =>
        joined.map((/** @type {any} */ { clientId }) => clientId),
      ),
      first: messages[0]?.previous ?? 0,
      last,
      next: this.#poll(`cursor=${encodeURIComponent(cursor)}&wait=${HOLD_SECONDS}`),
    };
    return this.#decoded;
  }

  /** @param {string} query */
  #poll(query) {
    return Buffer.from(pollRequest(this.#target, this.#channel, `${query}&presence=true`));
  }
}
