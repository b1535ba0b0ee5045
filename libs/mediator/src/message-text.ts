import type { PublishMessage } from '#contracts';
import type { Stored } from '#engine';
import { isoTime } from './iso-time.js';
import { watchedChannel } from './presence/names.js';

/** Bytes that a message has in an answer besides its payload and its channel's name, at most. */
export const FRAME_BYTES = 120;

/**
 * What the log keeps of a message: the members that do not depend on where it is stored, as the inside
 * of a JSON object. Composed once, at publish; every answer copies these bytes as they are.
 */
export function composePayload(
  id: string,
  clientId: string | null,
  message: PublishMessage,
  order: { readonly replyTo?: string; readonly inReplyTo?: string } = {},
): Buffer {
  let text = `"id":${JSON.stringify(id)}`;
  if (message.name !== undefined) text += `,"name":${JSON.stringify(message.name)}`;
  text += `,"data":${JSON.stringify(message.data)}`;
  if (message.encoding !== undefined) text += `,"encoding":"${message.encoding}"`;
  if (clientId !== null) text += `,"clientId":${JSON.stringify(clientId)}`;
  if (message.headers !== undefined) text += `,"headers":${JSON.stringify(message.headers)}`;
  if (order.replyTo !== undefined) text += `,"replyTo":"${order.replyTo}"`;
  if (order.inReplyTo !== undefined) text += `,"inReplyTo":"${order.inReplyTo}"`;
  return Buffer.from(text);
}

/** How a channel's messages begin on the wire. */
export function wireHead(channel: string): string {
  const watched = watchedChannel(channel);
  // The position of a change of presence is the version of the presence.
  if (watched !== null) return `{"channel":${JSON.stringify(watched)},"version":`;
  return `{"channel":${JSON.stringify(channel)},"position":`;
}

/** A message on its way out. Its wire text is made once, however many receive it. */
export class Outgoing {
  readonly position: number;
  readonly previous: number;
  readonly bytes: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
  private text: Buffer | null = null;

  constructor(stored: Stored) {
    this.position = stored.position;
    this.previous = stored.previous;
    this.timestamp = stored.timestamp;
    this.payload = stored.payload;
    this.bytes = stored.payload.length + FRAME_BYTES;
  }

  /** `head`: `wireHead` of the message's channel; `appText`: what names its app, where that is asked for. */
  wire(head: string, appText?: Buffer): Buffer {
    const text = (this.text ??= this.compose(head));
    // `appText` brings its own opening brace.
    return appText ? Buffer.concat([appText, text.subarray(1)]) : text;
  }

  private compose(head: string): Buffer {
    const start = `${head}${this.position},"previous":${this.previous},"timestamp":"${isoTime(this.timestamp)}",`;
    const startBytes = Buffer.byteLength(start);
    const end = startBytes + this.payload.length;
    const text = Buffer.allocUnsafe(end + 1);
    text.write(start, 0, startBytes, 'utf8');
    text.set(this.payload, startBytes);
    text[end] = CLOSE_BRACE;
    return text;
  }
}

const CLOSE_BRACE = 0x7d;

/** An item of the log as a receiver gets it. */
export function wireText(stored: Stored): string {
  return new Outgoing(stored).wire(wireHead(stored.channel.name)).toString('utf8');
}
