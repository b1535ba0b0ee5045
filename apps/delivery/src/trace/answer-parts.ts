import type { Answer, MemberAnswer } from '#mediator';

/** What an answer says of one channel. */
export interface AnswerPart {
  /** It covers the positions (`from`, `to`]. */
  readonly from: number;
  readonly to: number;
  /** Of the messages in it, ascending, with what a group says of each. */
  readonly positions: readonly number[];
}

interface Body {
  readonly messages: readonly { app?: string; channel?: string; position?: number }[];
  readonly channels: Readonly<Record<string, { from: number; to: number }>>;
}

const opened = new WeakMap<Answer, Body>();

/** Opened once for all who get the answer, and only while somebody traces; null: nothing of the channel. */
export function partOf(answer: Answer, app: string, channel: string): AnswerPart | null {
  let body = opened.get(answer);
  if (!body) opened.set(answer, (body = JSON.parse(answer.body.toString('utf8')) as Body));
  const { channels, messages } = body;
  // Where two apps have a channel of one name, each is called by its app too.
  const key = Object.hasOwn(channels, channel) ? channel : `${app}/${channel}`;
  const entry = channels[key];
  if (!entry || entry.from === entry.to) return null;
  const positions = messages.flatMap((message) =>
    message.channel === channel && (message.app ?? app) === app && message.position !== undefined
      ? [message.position]
      : [],
  );
  return { from: entry.from, to: entry.to, positions };
}

export interface MemberMessage {
  readonly position: number;
  readonly ackId: string;
  readonly attempt: number;
}

export function memberMessages(answer: MemberAnswer): readonly MemberMessage[] {
  return (JSON.parse(answer.body.toString('utf8')) as { messages: MemberMessage[] }).messages;
}
