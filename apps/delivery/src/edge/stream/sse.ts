import { oncePerAnswer, openAnswer, type StreamFormat } from './format.js';

/** Milliseconds after which a browser connects again: spread, so that not all of a server's come at once. */
const RETRY_MS = { least: 500, spread: 1000, step: 373 };
let opened = 0;

/**
 * Server-Sent Events (WHATWG HTML, 9.2): one event for each message, `data` its JSON, `id` the cursor
 * after it. JSON text and cursors have no line ends, so nothing can break out of its field.
 */
export const SSE: StreamFormat = {
  contentType: 'text/event-stream',

  hello() {
    opened = (opened + RETRY_MS.step) % RETRY_MS.spread;
    return Buffer.from(`: ok\nretry: ${RETRY_MS.least + opened}\n\n`);
  },

  // An id without data is no event, and yet where a browser goes on.
  place: (cursor) => Buffer.from(`id: ${cursor}\n\n`),

  answer: oncePerAnswer((answer, isSlow) => {
    const { messages, lost } = openAnswer(answer, isSlow);
    let text = '';
    for (const entry of lost) text += `event: lost\ndata: ${JSON.stringify(entry)}\n\n`;
    const cursors = answer.cursors?.() ?? null;
    const last = messages.length - 1;
    messages.forEach((message, i) => {
      const cursor = i === last ? answer.cursor : cursors?.[i];
      text += `${cursor === undefined ? '' : `id: ${cursor}\n`}data: ${JSON.stringify(message)}\n\n`;
    });
    return last < 0 ? `${text}id: ${answer.cursor}\n\n` : text;
  }),

  heartbeat: Buffer.from(': heartbeat\n\n'),

  problem: (document) => Buffer.from(`event: problem\ndata: ${document}\n\n`),
};
