/**
 * The yardstick: a long-poll server on node:http as one writes it in an afternoon. In memory, no
 * credentials, no validation, nothing durable, yet no detour either: an answer to many holds is
 * encoded once, and nothing is slowed down. What Holdline costs more than this is the price of its
 * promises.
 */
import { createServer } from 'node:http';
import { metricsText } from './process-metrics.mjs';

/** Messages kept for each channel. */
const KEPT = 1000;

/**
 * @typedef {{ id: string, position: number, previous: number, timestamp: string, data: unknown }} Message
 * @typedef {{ response: import('node:http').ServerResponse, timer: NodeJS.Timeout }} Hold
 * @typedef {{ last: number, messages: Message[], holds: Set<Hold> }} Channel
 */

/** @type {Map<string, Channel>} */
const channels = new Map();

const server = createServer((request, response) => {
  const url = /** @type {string} */ (request.url);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (path.startsWith('/v1/channels/') && path.endsWith('/messages')) {
    const channel = channelNamed(decodeURIComponent(path.slice(13, -9)));
    if (request.method === 'POST') receiveBody(request, (body) => publish(channel, body, response));
    else poll(channel, new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)), response);
  } else if (path === '/metrics') {
    answer(response, 200, 'text/plain', Buffer.from(metricsText(holdCount())));
  } else if (path === '/healthz') {
    answer(response, 200, 'application/json', Buffer.from('{"status":"ok"}'));
  } else {
    answer(response, 404, 'application/json', Buffer.from('{"status":404}'));
  }
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', 4096, () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ ready: true, port: address.port });
});
process.on('disconnect', () => process.exit(0));

/** @param {string} name */
function channelNamed(name) {
  let channel = channels.get(name);
  if (!channel) channels.set(name, (channel = { last: 0, messages: [], holds: new Set() }));
  return channel;
}

function holdCount() {
  let count = 0;
  for (const { holds } of channels.values()) count += holds.size;
  return count;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {(body: any) => void} done
 */
function receiveBody(request, done) {
  /** @type {Buffer[]} */
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const bytes = chunks.length === 1 ? /** @type {Buffer} */ (chunks[0]) : Buffer.concat(chunks);
    done(JSON.parse(bytes.toString()));
  });
}

/**
 * @param {Channel} channel
 * @param {any} body
 * @param {import('node:http').ServerResponse} response
 */
function publish(channel, body, response) {
  const timestamp = new Date().toISOString();
  const stored = (Array.isArray(body) ? body : [body]).map((item) => {
    const previous = channel.last;
    const position = ++channel.last;
    return { id: item.id ?? String(position), position, previous, timestamp, data: item.data };
  });
  channel.messages.push(...stored);
  if (channel.messages.length > 2 * KEPT) channel.messages = channel.messages.slice(-KEPT);
  const accepted = stored.map(({ id, position }) => ({ id, position, timestamp }));
  const text = JSON.stringify({ messages: accepted, cursor: String(channel.last) });
  answer(response, 201, 'application/json', Buffer.from(text));
  wake(channel, stored);
}

/**
 * Every hold waits at the channel's end, so one encoding serves them all.
 * @param {Channel} channel
 * @param {Message[]} messages
 */
function wake(channel, messages) {
  if (channel.holds.size === 0) return;
  const body = encode(messages, channel.last);
  const woken = channel.holds;
  channel.holds = new Set();
  for (const { response, timer } of woken) {
    clearTimeout(timer);
    answerPoll(response, body, channel.last);
  }
}

/**
 * @param {Channel} channel
 * @param {URLSearchParams} query
 * @param {import('node:http').ServerResponse} response
 */
function poll(channel, query, response) {
  const after = startOf(channel, query);
  const waitMs = Number(query.get('wait') ?? 55) * 1000;
  if (after < channel.last || waitMs === 0) {
    const messages = channel.messages.filter((message) => message.position > after);
    answerPoll(response, encode(messages, channel.last), channel.last);
    return;
  }
  /** @type {Hold} */
  const hold = {
    response,
    timer: setTimeout(() => {
      channel.holds.delete(hold);
      answerPoll(response, encode([], channel.last), channel.last);
    }, waitMs),
  };
  channel.holds.add(hold);
  response.on('close', () => {
    clearTimeout(hold.timer);
    channel.holds.delete(hold);
  });
}

/**
 * @param {Channel} channel
 * @param {URLSearchParams} query
 */
function startOf(channel, query) {
  const cursor = query.get('cursor');
  if (cursor !== null) return Number(cursor);
  const from = query.get('from') ?? 'now';
  return from.startsWith('-') ? channel.last + Number(from) : channel.last;
}

/**
 * @param {Message[]} messages
 * @param {number} cursor
 */
function encode(messages, cursor) {
  const timedOut = messages.length === 0;
  return Buffer.from(JSON.stringify({ messages, cursor: String(cursor), timedOut }));
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {Buffer} body
 * @param {number} cursor
 */
function answerPoll(response, body, cursor) {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Holdline-Cursor': String(cursor),
  });
  response.end(body);
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {string} type
 * @param {Buffer} body
 */
function answer(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length });
  response.end(body);
}
