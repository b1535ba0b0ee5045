/**
 * The requests as bytes. Both servers are sent the same ones, credential included, so that neither
 * has less to read.
 */

/**
 * `control`: Holdline's demo.json, which leads to its control plane.
 * @typedef {{ host: string, port: number, key: string, control?: any }} Target
 */

/** Seconds a hold may last: longer than any scenario, so that none ends by itself inside one. */
export const HOLD_SECONDS = 240;

/** JSON bytes of the `data` of each message. */
export const DATA_BYTES = 256;

/**
 * @param {Target} target
 * @param {string} channel
 * @param {string} query
 */
export function pollRequest({ host, port, key }, channel, query) {
  return (
    `GET /v1/channels/${channel}/messages?${query} HTTP/1.1\r\n` +
    `Host: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\nAccept: application/json\r\n\r\n`
  );
}

/**
 * @param {Target} target
 * @param {string} channel
 * @param {string} cursor
 */
export function holdRequest(target, channel, cursor) {
  const query = `cursor=${encodeURIComponent(cursor)}&wait=${HOLD_SECONDS}`;
  return Buffer.from(pollRequest(target, channel, query), 'latin1');
}

/**
 * @param {Target} target
 * @param {string} channel
 * @param {string} body ASCII only, which makes its length its bytes
 */
export function publishRequest({ host, port, key }, channel, body) {
  return (
    `POST /v1/channels/${channel}/messages HTTP/1.1\r\n` +
    `Host: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

/**
 * @param {Target} target
 * @param {'PUT' | 'DELETE'} method
 * @param {string} channel
 * @param {string} clientId
 */
export function presenceRequest({ host, port, key }, method, channel, clientId) {
  const body = method === 'PUT' ? `{"data":{"name":"${clientId}"}}` : '';
  return (
    `${method} /v1/channels/${channel}/presence/${clientId} HTTP/1.1\r\n` +
    `Host: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\n` +
    (body && `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`) +
    `\r\n${body}`
  );
}

/** @param {Target} target */
export function healthRequest({ host, port }) {
  return `GET /healthz HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;
}

/**
 * One message of DATA_BYTES of data. `n` counts a channel's messages from 1, so that a reader can
 * tell a lost one and a repeated one.
 * @param {number} n
 * @param {string} [id]
 */
export function messageJson(n, id) {
  const start = `{"n":${n},"text":"`;
  const data = `${start}${'holdline'.repeat(DATA_BYTES / 8).slice(0, DATA_BYTES - start.length - 2)}"}`;
  return id === undefined ? `{"data":${data}}` : `{"id":"${id}","data":${data}}`;
}
