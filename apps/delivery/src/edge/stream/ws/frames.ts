import {
  Problem,
  SOCKET_FRAMES,
  type AckFrame,
  type PresenceFrame,
  type PublishFrame,
  type SubscribeFrame,
} from '#contracts';
import type { Answer, MemberAnswer } from '#mediator';
import { asProblem, schemaProblem } from '../../faults.js';
import { parseJson } from '../../json-body.js';
import { blamed, type LostEntry } from '../format.js';

export type ClientFrame =
  | SubscribeFrame
  | PublishFrame
  | AckFrame
  | PresenceFrame
  | { readonly type: 'unsubscribe'; readonly id: string }
  | { readonly type: 'ping'; readonly id?: string | undefined };

/** What was read of a frame; `id` also of one that is not valid, so that its sender finds it. */
export type ReadFrame =
  | { readonly frame: ClientFrame; readonly id: string | undefined }
  | { readonly problem: Problem; readonly id: string | undefined };

/** Never throws. */
export function readFrame(bytes: Buffer): ReadFrame {
  let id: string | undefined;
  try {
    const json = parseJson(bytes);
    if (typeof json !== 'object' || json === null) throw unknownType();
    const { type, id: given } = json as { type?: unknown; id?: unknown };
    if (typeof given === 'string') id = given.slice(0, 128);
    if (typeof type !== 'string' || !Object.hasOwn(SOCKET_FRAMES, type)) throw unknownType();
    const parsed = SOCKET_FRAMES[type as keyof typeof SOCKET_FRAMES].safeParse(json);
    if (parsed.success) return { frame: parsed.data, id };
    const isMessage = parsed.error.issues[0]?.path[0] === 'messages';
    const code = isMessage ? 'invalid_message' : 'invalid_request';
    throw schemaProblem(code, parsed.error, `The frame ${type} is not valid`);
  } catch (error) {
    return { problem: asProblem(error, 'The frame could not be read.'), id };
  }
}

function unknownType(): Problem {
  return new Problem(
    'invalid_request',
    `A frame is a JSON object whose type is ${Object.keys(SOCKET_FRAMES).join(', ')}.`,
  );
}

/** The last frame made of an answer: its receivers mostly call their subscription the same. */
const written = new WeakMap<Answer, { readonly id: string; readonly bytes: Buffer }>();

/** `messages`: a held request's answer, with the subscription that it is for. */
export function messagesFrame(answer: Answer, id: string, isSlow: boolean): Buffer {
  if (isSlow) return Buffer.from(slowFrame(answer, id));
  const kept = written.get(answer);
  if (kept?.id === id) return kept.bytes;
  const head = Buffer.from(`{"type":"messages","id":${JSON.stringify(id)},`);
  const bytes = Buffer.concat([head, answer.body.subarray(1)]);
  written.set(answer, { id, bytes });
  return bytes;
}

/** What retention took meanwhile was lost because the client did not read. */
function slowFrame(answer: Answer, id: string): string {
  const body = JSON.parse(answer.body.toString('utf8')) as {
    channels: Record<string, { lost: LostEntry['lost'] | null }>;
  };
  for (const entry of Object.values(body.channels)) if (entry.lost) entry.lost = blamed(entry.lost);
  return JSON.stringify({ type: 'messages', id, ...body });
}

/** `messages` of a group: a member's answer, with the subscription and the group. */
export function groupFrame({ body }: MemberAnswer, id: string, group: string): Buffer {
  const head = `{"type":"messages","id":${JSON.stringify(id)},"group":${JSON.stringify(group)},`;
  return Buffer.concat([Buffer.from(head), body.subarray(1)]);
}
