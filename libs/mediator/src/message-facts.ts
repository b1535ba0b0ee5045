import type { Outgoing } from './message-text.js';

/** What a filter may ask of a message. */
export interface Facts {
  /** False for what stands among the messages without being one, such as a change of presence. */
  readonly isMessage: boolean;
  readonly name: string | undefined;
  header(key: string): string | undefined;
}

const known = new WeakMap<Outgoing, Facts>();

/** Read from the payload once for each message, and only where somebody filters. */
export function factsOf(message: Outgoing): Facts {
  let facts = known.get(message);
  if (!facts) known.set(message, (facts = read(message.payload)));
  return facts;
}

interface Payload {
  readonly type?: unknown;
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function read(payload: Uint8Array): Facts {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const { type, name, headers } = JSON.parse(`{${bytes.toString()}}`) as Payload;
  return {
    isMessage: type === undefined,
    name,
    header: (key) => (headers && Object.hasOwn(headers, key) ? headers[key] : undefined),
  };
}
