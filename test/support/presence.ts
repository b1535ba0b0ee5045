import { expect } from '@jest/globals';
import { z } from 'zod';
import { channelPath, text, type DeliveryClient } from './delivery-client.js';
import type { Asked, Reply } from './http-client.js';
import { received, succeeded, type WireReceive } from './wire.js';

/** Presence as the protocol promises it, written down a second time and strict. */
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const version = z.number().int().min(0);
const Member = z.strictObject({ clientId: z.string().min(1), data: z.unknown(), since: time });

const Put = Member.extend({ expiresAt: time });
const List = z.strictObject({
  members: z.array(Member),
  count: z.number().int().min(0),
  version,
  epoch: z.string().min(1),
});
const Change = z.strictObject({
  channel: z.string(),
  version: version.positive(),
  previous: version,
  timestamp: time,
  type: z.literal('presence'),
  count: z.number().int().min(0),
  reset: z.literal(true).optional(),
  joined: z.array(Member),
  left: z.array(z.strictObject({ clientId: z.string() })),
  updated: z.array(Member),
});
export type WireChange = z.output<typeof Change>;
const Covered = z.strictObject({
  epoch: z.string(),
  from: version,
  to: version,
  lost: z.looseObject({ reason: z.string() }).nullable(),
});

export type Watched = WireReceive & {
  readonly changes: readonly WireChange[];
  readonly presence: Readonly<Record<string, z.output<typeof Covered>>>;
};

/** An answer with changes of presence: these apart from the messages, each part with its own proof. */
export function watched(reply: Reply): Watched {
  succeeded(reply, 200);
  const { presence, ...rest } = reply.json as Record<string, unknown>;
  const items = rest['messages'] as { readonly type?: string }[];
  const changes = items.filter((one) => one.type === 'presence').map((one) => Change.parse(one));
  const messages = items.filter((one) => one.type === undefined);
  const plain = { ...rest, messages };
  const answer = received({ ...reply, json: plain });
  const covered = z.record(z.string(), Covered).parse(presence);
  for (const [channel, proof] of Object.entries(covered)) {
    let last = proof.from;
    for (const change of changes.filter((one) => one.channel === channel)) {
      if (proof.lost === null) expect(change.previous).toBe(last);
      last = change.version;
    }
    expect(proof.to).toBe(last);
  }
  return { ...answer, changes, presence: covered };
}

export const memberPath = (channel: string, clientId: string): string =>
  channelPath(channel, {}, `presence/${encodeURIComponent(clientId)}`);

/** Presence of one channel with one credential. */
export class PresenceClient {
  constructor(
    private readonly client: DeliveryClient,
    readonly channel: string,
  ) {}

  tryPut(clientId: string, body?: unknown): Promise<Reply> {
    const json = body === undefined ? {} : { json: body };
    return this.client.ask(memberPath(this.channel, clientId), { method: 'PUT', ...json });
  }

  async put(clientId: string, body?: unknown): Promise<z.output<typeof Put>> {
    const reply = await this.tryPut(clientId, body);
    succeeded(reply, 200);
    return Put.parse(reply.json);
  }

  tryLeave(clientId: string): Promise<Reply> {
    return this.client.ask(memberPath(this.channel, clientId), { method: 'DELETE' });
  }

  async leave(clientId: string): Promise<void> {
    succeeded(await this.tryLeave(clientId), 204);
  }

  tryList(query: Record<string, string | number> = {}): Promise<Reply> {
    return this.client.ask(channelPath(this.channel, query, 'presence'));
  }

  async list(query: Record<string, string | number> = {}): Promise<z.output<typeof List>> {
    const reply = await this.tryList(query);
    succeeded(reply, 200);
    return List.parse(reply.json);
  }

  async ids(): Promise<string[]> {
    return (await this.list()).members.map((one) => one.clientId);
  }

  /** A held receive that is told of changes. */
  watch(query: Record<string, string | number | undefined> = {}): Asked {
    return this.client.start(channelPath(this.channel, { wait: 30, presence: 'true', ...query }));
  }

  /** A cursor from which on changes are told. */
  async cursor(): Promise<string> {
    return watched(await this.watch({ wait: 0 }).reply).cursor;
  }

  /** Held until there are changes that satisfy the check, which is given all of them together. */
  async until(
    cursor: string,
    check: (changes: readonly WireChange[]) => boolean,
    wait = 30,
  ): Promise<{ changes: WireChange[]; cursor: string }> {
    const changes: WireChange[] = [];
    for (let place = cursor; ;) {
      const answer = watched(await this.watch({ cursor: place, wait }).reply);
      changes.push(...answer.changes);
      place = answer.cursor;
      if (check(changes)) return { changes, cursor: place };
      if (answer.timedOut) {
        throw new Error(`Not told within ${wait} s; told: ${JSON.stringify(changes)}`);
      }
    }
  }

  /** A poll that keeps its token's client present. */
  poll(
    data: unknown,
    rest: Record<string, unknown> = {},
    query: Record<string, string> = {},
  ): Asked {
    return this.client.start(`/v1/poll${text(query)}`, {
      json: {
        subscriptions: [{ channels: [this.channel] }],
        presence: { [this.channel]: data },
        wait: 30,
        ...rest,
      },
    });
  }
}

export const joinedIn = (changes: readonly WireChange[]): string[] =>
  changes.flatMap((one) => one.joined.map(({ clientId }) => clientId));
export const leftIn = (changes: readonly WireChange[]): string[] =>
  changes.flatMap((one) => one.left.map(({ clientId }) => clientId));
