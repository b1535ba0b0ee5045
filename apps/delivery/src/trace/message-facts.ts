import type { TracedMessage } from '#contracts';
import type { ChannelRef, Engine, Stored } from '#engine';

/** Lines of the journal in one read, and reads: one commit can be of thousands of channels. */
const LINES = 2_000;
const READS = 5;

export interface FoundMessage {
  readonly facts: TracedMessage;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** What the log knows of one message; null: it keeps none at this position of the channel. */
export async function factsOf(
  engine: Engine,
  ref: ChannelRef,
  position: number,
): Promise<FoundMessage | null> {
  const { epoch } = await engine.tail(ref);
  const place = { epoch, position: position - 1 };
  const { messages } = await engine.read(ref, place, { messages: 1, bytes: 1 });
  const stored = messages[0];
  if (stored?.position !== position) return null;
  const { previous, timestamp, payload } = stored;
  const { id, name, clientId } = read(payload);
  const facts = {
    ...{ id: id ?? null, position, previous, name: name ?? null, clientId: clientId ?? null },
    storedAt: new Date(timestamp).toISOString(),
    bytes: payload.length,
    keyId: await labelOf(engine, ref, stored),
  };
  return { facts, storedAt: timestamp };
}

interface Payload {
  readonly id?: string;
  readonly name?: string;
  readonly clientId?: string;
}

/** The log keeps the inside of a JSON object. */
function read(payload: Uint8Array): Payload {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return JSON.parse(`{${bytes.toString('utf8')}}`) as Payload;
}

/** The key behind it; null: none, or the journal does not have it any more. */
async function labelOf(
  engine: Engine,
  ref: ChannelRef,
  { position, timestamp }: Stored,
): Promise<string | null> {
  let after = await engine.positionBefore(timestamp);
  for (let reads = 0; reads < READS; reads++) {
    const { lines, through } = await engine.journal(after, LINES);
    const line = lines.find(
      ({ channel, first, messages }) =>
        channel.app === ref.app &&
        channel.name === ref.name &&
        first <= position &&
        position < first + messages,
    );
    if (line) return line.label === '' ? null : line.label;
    if (through === after || through >= position) return null;
    after = through;
  }
  return null;
}
