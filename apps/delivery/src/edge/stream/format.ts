import type { Lost, Message } from '#contracts';
import type { Answer } from '#mediator';

/** How a stream is written. Bytes are made once for all receivers of an answer: never write into them. */
export interface StreamFormat {
  readonly contentType: string;
  /** The first bytes, at once, so that the client and what lies between see the stream open. */
  hello(): Buffer;
  /** There is no message, and this is where the stream is. */
  place(cursor: string): Buffer;
  answer(answer: Answer, isSlow: boolean): Buffer;
  readonly heartbeat: Buffer;
  /** @param document the problem document as JSON. */
  problem(document: string): Buffer;
}

/** One channel of which something is missing. */
export interface LostEntry {
  readonly channel: string;
  /** Changes of its presence are missing, not messages. */
  readonly presence?: true;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly lost: Lost;
}

export interface OpenedAnswer {
  readonly messages: readonly Message[];
  readonly lost: readonly LostEntry[];
}

type Proofs = Readonly<
  Record<string, Omit<LostEntry, 'channel' | 'presence' | 'lost'> & { lost: Lost | null }>
>;

interface Body {
  readonly messages: readonly Message[];
  readonly channels: Proofs;
  readonly presence?: Proofs;
}

/** @param isSlow what retention took was lost because the client did not read. */
export function openAnswer(answer: Answer, isSlow: boolean): OpenedAnswer {
  const { messages, channels, presence } = JSON.parse(answer.body.toString('utf8')) as Body;
  const lost: LostEntry[] = [];
  for (const [channel, entry] of Object.entries(channels)) {
    if (entry.lost) lost.push({ channel, ...told(entry, entry.lost, isSlow) });
  }
  for (const [channel, entry] of Object.entries(presence ?? {})) {
    if (entry.lost) lost.push({ channel, presence: true, ...told(entry, entry.lost, isSlow) });
  }
  return { messages, lost };
}

function told<T>(entry: T, lost: Lost, isSlow: boolean): T & { lost: Lost } {
  return { ...entry, lost: isSlow ? blamed(lost) : lost };
}

export function blamed(lost: Lost): Lost {
  return lost.reason === 'retention' ? { ...lost, reason: 'slow_consumer' } : lost;
}

/** Writes each answer once, as long as somebody has it. That of a slow client is its own. */
export function oncePerAnswer(
  write: (answer: Answer, isSlow: boolean) => string,
): StreamFormat['answer'] {
  const written = new WeakMap<Answer, Buffer>();
  return (answer, isSlow) => {
    if (isSlow) return Buffer.from(write(answer, true));
    let bytes = written.get(answer);
    if (!bytes) written.set(answer, (bytes = Buffer.from(write(answer, false))));
    return bytes;
  };
}
