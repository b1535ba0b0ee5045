import type { Answer, Proof } from './chain.js';
import { HoldlineError, refusal } from './errors.js';
import type { Message } from './types.js';

/** A line of a stream: a message as it is, or what has a `type` of the stream's own. */
interface Line extends Partial<Message> {
  readonly type?: string;
  readonly cursor?: string;
  readonly problem?: { readonly status?: number };
  readonly epoch?: string;
  readonly from?: number;
  readonly to?: number;
  readonly lost?: Proof['lost'];
}

/**
 * A stream's lines as the answers they belong to: whatever stands before a cursor is complete with it,
 * and what a cut stream left without one is asked for again. null: a sign of life.
 * @throws HoldlineError what the stream's last line says, or `bad_answer`
 */
export async function* batches(
  lines: AsyncIterable<unknown>,
): AsyncGenerator<Answer | null, void, undefined> {
  let messages: Message[] = [];
  let channels: Record<string, Proof> = {};
  for await (const value of lines) {
    const line = (typeof value === 'object' && value !== null ? value : {}) as Line;
    const { channel, epoch, from, to, lost, cursor } = line;
    if (line.type === 'problem') {
      throw refusal(line.problem?.status ?? 0, line.problem, undefined, undefined);
    } else if (line.type === 'heartbeat') yield null;
    else if (line.type === 'cursor' && typeof cursor === 'string') {
      yield { messages, cursor, timedOut: messages.length === 0, channels };
      messages = [];
      channels = {};
    } else if (line.type === 'lost' && channel !== undefined && lost) {
      channels[channel] = { epoch: epoch ?? '', from: from ?? 0, to: to ?? 0, lost };
    } else if (channel !== undefined && typeof line.position === 'number') {
      messages.push(line as Message);
    } else if (line.type === undefined) {
      throw new HoldlineError('bad_answer', 'A line of the stream was no message.', {
        retryable: true,
      });
    }
    // What has a type that is not known here is news of a newer server, and no message.
  }
}
