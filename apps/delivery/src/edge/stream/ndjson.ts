import { oncePerAnswer, openAnswer, type StreamFormat } from './format.js';

/** One JSON value a line: a message as it is, or what has a `type` of the stream's own. */
export const NDJSON: StreamFormat = {
  contentType: 'application/x-ndjson',

  hello: () => Buffer.alloc(0),

  place: (cursor) => Buffer.from(cursorLine(cursor)),

  answer: oncePerAnswer((answer, isSlow) => {
    const { messages, lost } = openAnswer(answer, isSlow);
    let text = '';
    for (const entry of lost) text += `${JSON.stringify({ type: 'lost', ...entry })}\n`;
    for (const message of messages) text += `${JSON.stringify(message)}\n`;
    return text + cursorLine(answer.cursor);
  }),

  heartbeat: Buffer.from('{"type":"heartbeat"}\n'),

  problem: (document) => Buffer.from(`{"type":"problem","problem":${document}}\n`),
};

function cursorLine(cursor: string): string {
  return `{"type":"cursor","cursor":"${cursor}"}\n`;
}
