import { expect } from '@jest/globals';
import { z } from 'zod';
import type { DeliveryClient } from './delivery-client.js';
import { text } from './delivery-client.js';
import type { Ask, Asked, Reply } from './http-client.js';
import { succeeded, WireMessage } from './wire.js';

const GroupMessage = WireMessage.extend({
  ackId: z.string().min(1),
  attempt: z.number().int().positive(),
});
export type GroupMessage = z.output<typeof GroupMessage>;

const GroupAnswer = z.strictObject({
  messages: z.array(GroupMessage),
  timedOut: z.boolean(),
  lost: z.strictObject({ reason: z.string(), count: z.number().int().optional() }).nullable(),
});
export type GroupAnswer = z.output<typeof GroupAnswer>;

const AckAnswer = z.strictObject({
  results: z.array(
    z.strictObject({
      ackId: z.string(),
      action: z.enum(['ack', 'nack', 'extend']),
      status: z.enum(['acked', 'nacked', 'extended', 'dead', 'expired', 'done', 'invalid']),
      visibleAt: z.iso.datetime().optional(),
      problem: z
        .strictObject({
          type: z.url(),
          title: z.string(),
          status: z.number().int(),
          detail: z.string(),
          code: z.string(),
          requestId: z.string(),
        })
        .optional(),
    }),
  ),
});

type Query = Readonly<Record<string, string | number | undefined>>;

/** A group of one channel, in the words of the protocol. */
export class GroupClient {
  constructor(
    readonly client: DeliveryClient,
    readonly channel: string,
    readonly group: string,
  ) {}

  path(rest = '', query: Query = {}): string {
    const { channel, group } = this;
    return `/v1/channels/${encodeURIComponent(channel)}/groups/${encodeURIComponent(group)}${rest}${text(query)}`;
  }

  ask(rest = '', options: Ask = {}): Promise<Reply> {
    return this.client.ask(this.path(rest), options);
  }

  put(settings: unknown = {}): Promise<Reply> {
    return this.ask('', { method: 'PUT', json: settings });
  }

  async create(settings: unknown = {}): Promise<this> {
    succeeded(await this.put(settings), 201);
    return this;
  }

  async status(): Promise<Record<string, unknown>> {
    const reply = await this.ask();
    succeeded(reply, 200);
    return reply.json as Record<string, unknown>;
  }

  /** Answered at once unless `wait` says otherwise. */
  async receive(query: Query = {}): Promise<GroupAnswer> {
    return answered(await this.client.ask(this.path('/messages', { wait: 0, ...query })));
  }

  /** Held for 30 s unless `wait` says otherwise. */
  hold(query: Query = {}): Asked {
    return this.client.start(this.path('/messages', { wait: 30, ...query }));
  }

  tryAcks(body: unknown): Promise<Reply> {
    return this.ask('/acks', { json: body });
  }

  async acks(body: unknown): Promise<z.output<typeof AckAnswer>['results']> {
    const reply = await this.tryAcks(body);
    succeeded(reply, 200);
    return AckAnswer.parse(reply.json).results;
  }

  async ack(messages: readonly GroupMessage[]): Promise<void> {
    const results = await this.acks({ ack: messages.map(({ ackId }) => ackId) });
    expect(results.map(({ status }) => status)).toEqual(messages.map(() => 'acked'));
  }
}

/** A member's answer, whose shape is as promised. */
export function answered(reply: Reply): GroupAnswer {
  succeeded(reply, 200);
  expect(reply.headers['holdline-hold']).toMatch(/^\d+; ?reason=(asked|default|limit|path)$/);
  const answer = GroupAnswer.parse(reply.json);
  if (answer.timedOut) expect(answer.messages).toEqual([]);
  return answer;
}
