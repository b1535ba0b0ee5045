import { expect } from '@jest/globals';
import { z } from 'zod';
import type { Reply } from './http-client.js';

/**
 * The wire as docs/protocol.md promises it, written down a second time on purpose: if the product's own
 * schemas drift from the promise, these still say so. Strict: a member that nobody promised is a fault.
 */
const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const position = z.number().int().positive().safe();

export const WireMessage = z.strictObject({
  app: z.string().optional(),
  channel: z.string(),
  id: z.string().min(1),
  position,
  previous: z.number().int().min(0).safe(),
  name: z.string().optional(),
  data: z.unknown(),
  encoding: z.literal('base64').optional(),
  clientId: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Of a request that waits, and of the reply to one. */
  replyTo: z.string().min(1).optional(),
  inReplyTo: z.string().min(1).optional(),
  timestamp,
});
export type WireMessage = z.output<typeof WireMessage>;

const Proof = z.strictObject({
  epoch: z.string().min(1),
  from: z.number().int().min(0),
  to: z.number().int().min(0),
  lost: z
    .strictObject({
      reason: z.enum(['retention', 'epoch', 'slow_consumer']),
      count: z.number().int().optional(),
    })
    .nullable(),
  /** Where the reader asked for a filter, or to conflate. */
  filtered: z.number().int().min(0).optional(),
  conflated: z.number().int().min(0).optional(),
});

export const WireReceive = z.strictObject({
  messages: z.array(WireMessage),
  cursor: z.string().min(1),
  timedOut: z.boolean(),
  channels: z.record(z.string(), Proof),
});
export type WireReceive = z.output<typeof WireReceive>;

const WirePublished = z.strictObject({
  id: z.string().min(1),
  position,
  timestamp,
  duplicate: z.literal(true).optional(),
});
const WirePublish = z.strictObject({
  messages: z.array(WirePublished).min(1),
  cursor: z.string().min(1),
});
export type WirePublish = z.output<typeof WirePublish>;

const WireHistory = z.strictObject({
  messages: z.array(WireMessage),
  cursor: z.string().min(1),
  epoch: z.string().min(1),
});

export const WireProblem = z.looseObject({
  type: z.url(),
  title: z.string().min(1),
  status: z.number().int(),
  detail: z.string().min(1),
  code: z.string().regex(/^[a-z][a-z0-9_]*$/),
  requestId: z.string().min(1),
  limit: z
    .strictObject({
      name: z.string(),
      scope: z.string(),
      max: z.number(),
      used: z.number(),
      resetAt: z.iso.datetime().nullable(),
    })
    .optional(),
});
export type WireProblem = z.output<typeof WireProblem>;

/** The first message of the answer; fails when there is none. */
export function only<T>(list: readonly T[]): T {
  expect(list).toHaveLength(1);
  return list[0] as T;
}

/** An answered receive: its shape, its headers, and each channel's proof against its messages. */
export function received(reply: Reply): WireReceive {
  succeeded(reply, 200);
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  const answer = parsed(WireReceive, reply);
  expect(reply.headers['holdline-cursor']).toBe(answer.cursor);
  expect(reply.headers['holdline-hold']).toMatch(
    /^\d+(\.\d+)?; ?reason=(asked|default|path|limit)$/,
  );
  if (answer.timedOut) expect(answer.messages).toEqual([]);
  for (const [channel, proof] of Object.entries(answer.channels)) {
    const chain = answer.messages.filter(
      (one) => channel === one.channel || channel === `${one.app}/${one.channel}`,
    );
    const omitted = (proof.filtered ?? 0) + (proof.conflated ?? 0);
    let last = proof.from;
    for (const [index, message] of chain.entries()) {
      if (omitted > 0) expect(message.previous).toBeGreaterThanOrEqual(last);
      else if (index > 0 || proof.lost === null) expect(message.previous).toBe(last);
      expect(message.position).toBeGreaterThan(last);
      last = message.position;
    }
    if (omitted > 0) expect(proof.to).toBeGreaterThanOrEqual(last);
    else expect(proof.to).toBe(last);
  }
  return answer;
}

export function published(reply: Reply): WirePublish {
  succeeded(reply, 201);
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  return parsed(WirePublish, reply);
}

export function paged(reply: Reply): z.output<typeof WireHistory> {
  succeeded(reply, 200);
  return parsed(WireHistory, reply);
}

/** A refusal (RFC 9457) with all its members, and nothing of our insides. */
export function refused(reply: Reply, status: number, code: string | RegExp): WireProblem {
  expect({ status: reply.status, body: reply.text.slice(0, 600) }).toEqual({
    status,
    body: expect.any(String),
  });
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = parsed(WireProblem, reply);
  expect(problem.status).toBe(status);
  expect(problem.code).toMatch(code instanceof RegExp ? code : new RegExp(`^${code}$`));
  expect(problem.type.endsWith(`/errors/${problem.code}`)).toBe(true);
  expect(reply.text).not.toMatch(STACK_TRACE);
  return problem;
}

/** What a line of a JavaScript stack looks like, and paths of our modules. */
export const STACK_TRACE = /\n\s+at |\\n\s+at |node_modules|\.(js|ts):\d+/;

export function succeeded(reply: Reply, status: number): void {
  // The body is in the comparison so that a failure shows it.
  expect({
    status: reply.status,
    body: reply.status === status ? '' : reply.text.slice(0, 600),
  }).toEqual({
    status,
    body: '',
  });
}

function parsed<T>(schema: z.ZodType<T>, reply: Reply): T {
  const result = schema.safeParse(reply.json);
  if (!result.success)
    throw new Error(`${z.prettifyError(result.error)}\nin ${reply.text.slice(0, 600)}`);
  return result.data;
}
