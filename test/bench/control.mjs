/** Holdline's control plane, for the scenarios that need a key or a tenant of their own. */

export class Control {
  #origin;
  #cookie = '';

  /** @param {string} origin */
  constructor(origin) {
    this.#origin = origin;
  }

  /**
   * The answer's body; a session that it begins is the one of all later requests.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async ask(method, path, body) {
    const headers = {
      origin: this.#origin,
      cookie: this.#cookie,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await fetch(this.#origin + path, { method, headers, body: text });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
    this.#cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? this.#cookie;
    return said === '' ? null : JSON.parse(said);
  }
}
