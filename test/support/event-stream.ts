import { request, type IncomingMessage } from 'node:http';
import { eventually } from './eventually.js';

/** One dispatched event, as a browser's EventSource would have it. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  /** The last id seen up to and including this event. */
  readonly lastEventId: string;
}

export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Milliseconds from the request to the first byte of the body. */
  readonly firstByteMs: () => number | null;
  text(): string;
  readonly ended: boolean;
  /** Stops reading, as a client that does not keep up. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Opens a GET, or a POST with a body, and goes on reading; resolves with its head. */
export function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = request(url, { method, headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: string[] = [];
      let text = '';
      let first: number | null = null;
      let ended = false;
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        first ??= performance.now() - began;
        chunks.push(chunk);
      });
      incoming.on('end', () => (ended = true));
      incoming.on('error', () => (ended = true));
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        firstByteMs: () => first,
        text: () => {
          if (chunks.length > 0) text += chunks.splice(0).join('');
          return text;
        },
        get ended() {
          return ended;
        },
        pause: () => incoming.pause(),
        resume: () => incoming.resume(),
        close: () => outgoing.destroy(),
      });
    });
    outgoing.end(body);
  });
}

/** The parsing rules of WHATWG HTML 9.2.6, for what has come so far. */
export function parseEvents(text: string): { events: StreamEvent[]; lastEventId: string } {
  const events: StreamEvent[] = [];
  let lastEventId = '';
  let id = '';
  let type = '';
  let data: string[] = [];
  const lines = text.split(/\r\n|\n|\r/);
  lines.pop();
  for (const line of lines) {
    if (line === '') {
      lastEventId = id;
      if (data.length > 0)
        events.push({ type: type || 'message', data: data.join('\n'), lastEventId });
      type = '';
      data = [];
      continue;
    }
    if (line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
  return { events, lastEventId };
}

/** Waits until the stream has so many events, and gives all there are. */
export function events(
  stream: OpenStream,
  count: number,
  withinMs = 10_000,
): Promise<StreamEvent[]> {
  return eventually(`${count} events`, withinMs, () => {
    const { events } = parseEvents(stream.text());
    return events.length >= count && events;
  });
}

export function lines(stream: OpenStream): Record<string, unknown>[] {
  return stream
    .text()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
