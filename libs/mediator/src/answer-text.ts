import type { Lost } from '#contracts';
import type { Cursor } from './cursor.js';

/** The proof of one channel in an answer: it covers the positions (`from`, `to`]. */
export interface ChannelEntry {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly lost: Lost | null;
  /** What a view left out, as members of the entry; none for everybody else. */
  readonly omitted?: string;
}

const START = Buffer.from('{"messages":[');
const COMMA = 0x2c;

/** An answer's body. Channels without an entry stay where `next` has them. */
export function writeAnswer(
  next: Cursor,
  messages: readonly Buffer[],
  entries: ReadonlyMap<number, ChannelEntry>,
  timedOut: boolean,
): Buffer {
  const { list, positions, epochs } = next;
  const { isPresence } = list;
  let end = `],"cursor":"${next.text}","timedOut":${timedOut},"channels":{`;
  let presence = '';
  let isFirst = true;
  for (let i = 0; i < positions.length; i++) {
    const entry = entries.get(i);
    const epoch = entry ? entry.epoch : epochs[i]!;
    const to = entry ? entry.to : positions[i]!;
    const from = entry ? entry.from : to;
    const text = `${list.keys[i]}{"epoch":${quoted(epoch)},"from":${from},"to":${to},"lost":${entry?.lost ? JSON.stringify(entry.lost) : 'null'}${entry?.omitted ?? ''}}`;
    if (isPresence?.[i]) {
      presence += presence === '' ? text : `,${text}`;
      continue;
    }
    end += isFirst ? text : `,${text}`;
    isFirst = false;
  }
  return joinMessages(messages, presence === '' ? `${end}}}` : `${end}},"presence":{${presence}}}`);
}

/** `{"messages":[…` and what follows: the one place where message bytes are copied. */
export function joinMessages(messages: readonly Buffer[], end: string): Buffer {
  const endBytes = Buffer.byteLength(end);
  let size = START.length + Math.max(0, messages.length - 1) + endBytes;
  for (const message of messages) size += message.length;
  const body = Buffer.allocUnsafe(size);
  body.set(START, 0);
  let at = START.length;
  for (let i = 0; i < messages.length; i++) {
    if (i > 0) body[at++] = COMMA;
    body.set(messages[i]!, at);
    at += messages[i]!.length;
  }
  body.write(end, at, endBytes, 'utf8');
  return body;
}

let lastEpoch = '';
let lastQuoted = '""';

/** Nearly all channels of a node share one epoch. */
function quoted(epoch: string): string {
  if (epoch !== lastEpoch) {
    lastQuoted = JSON.stringify(epoch);
    lastEpoch = epoch;
  }
  return lastQuoted;
}
