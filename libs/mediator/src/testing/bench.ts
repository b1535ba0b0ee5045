import type { From, Message, Problem, PublishMessage } from '#contracts';
import type { Lost } from '#contracts';
import { ModelEngine } from '#engine';
import type { Engine } from '#engine';
import { Mediator } from '../mediator.js';
import type {
  Answer,
  Hold,
  HoldOwner,
  MediatorHooks,
  MediatorLimits,
  PublishOutcome,
  Receiver,
  ReceiveView,
  Subscription,
} from '../types.js';
import { ManualClock, quiet } from './manual-clock.js';

export interface AnswerBody {
  readonly messages: readonly (Message & { readonly app?: string })[];
  readonly cursor: string;
  readonly timedOut: boolean;
  readonly channels: Readonly<
    Record<
      string,
      {
        epoch: string;
        from: number;
        to: number;
        lost: Lost | null;
        filtered?: number;
        conflated?: number;
      }
    >
  >;
}

export interface Ask {
  readonly channels?: readonly string[];
  readonly subscriptions?: readonly Subscription[];
  readonly cursor?: string | null;
  readonly from?: From;
  readonly waitMs?: number;
  readonly limit?: number;
  readonly view?: ReceiveView;
}

/** What became of one receive. */
export class Poll implements Receiver {
  readonly answers: Answer[] = [];
  readonly refusals: Problem[] = [];
  hold: Hold = { cancel: () => {} };

  constructor(private readonly onSettled: (poll: Poll) => void = () => {}) {}

  answer(answer: Answer): void {
    this.answers.push(answer);
    this.onSettled(this);
  }

  refuse(problem: Problem): void {
    this.refusals.push(problem);
    this.onSettled(this);
  }

  get settlements(): number {
    return this.answers.length + this.refusals.length;
  }

  get body(): AnswerBody {
    return JSON.parse(this.answers[0]!.body.toString()) as AnswerBody;
  }

  get data(): unknown[] {
    return this.body.messages.map((message) => message.data);
  }
}

export const ownerOf = (appId: string, keyId = 'key'): HoldOwner => ({
  appId,
  keyId,
  clientId: null,
  tokenId: null,
  issuedAt: null,
});

export const APP = 'app-1';
export const DAY = { seconds: 86_400, messages: null };

export interface BenchOptions {
  readonly engine?: (clock: ManualClock) => Engine;
  readonly limits?: MediatorLimits;
  readonly hooks?: MediatorHooks;
  readonly secret?: Uint8Array;
}

/** A mediator over the model of the log, with time in the test's hand. */
export class Bench {
  readonly clock = new ManualClock();
  readonly model: ModelEngine;
  readonly mediator: Mediator;
  readonly settled: string[] = [];
  readonly delivered: string[] = [];
  readonly faults: unknown[] = [];
  backstops = 0;
  private ids = 0;

  constructor(o: BenchOptions = {}) {
    const engine = o.engine?.(this.clock);
    this.model = engine instanceof ModelEngine ? engine : new ModelEngine({ clock: this.clock });
    this.mediator = new Mediator({
      engine: engine ?? this.model,
      clock: this.clock,
      cursorSecret: o.secret ?? Buffer.alloc(32, 7),
      newId: () => `id-${++this.ids}`,
      hooks: {
        settled: (why) => this.settled.push(why),
        delivered: (app, channel, messages) => this.delivered.push(`${app}/${channel}:${messages}`),
        backstop: () => (this.backstops += 1),
        fault: (error) => this.faults.push(error),
        ...o.hooks,
      },
      ...(o.limits ? { limits: o.limits } : {}),
    });
  }

  ask(ask: Ask, onSettled?: (poll: Poll) => void): Poll {
    const poll = new Poll(onSettled);
    poll.hold = this.mediator.receive(
      {
        subscriptions: ask.subscriptions ?? [
          { owner: ownerOf(APP), channels: ask.channels ?? ['room'] },
        ],
        cursor: ask.cursor ?? null,
        from: ask.from ?? { kind: 'now' },
        waitMs: ask.waitMs ?? 10_000,
        limit: ask.limit ?? 100,
        view: ask.view,
      },
      poll,
    );
    return poll;
  }

  /** Asks, and lets happen what needs no time. */
  async poll(ask: Ask = {}): Promise<Poll> {
    const poll = this.ask(ask);
    await quiet();
    return poll;
  }

  /** The cursor of a reader that has everything there is in these channels. */
  async cursorNow(channels: readonly string[] = ['room']): Promise<string> {
    const poll = await this.poll({ channels, waitMs: 0 });
    return poll.body.cursor;
  }

  publish(channel: string, ...data: unknown[]): Promise<PublishOutcome> {
    return this.send(
      channel,
      data.map((one) => ({ data: one })),
    );
  }

  send(
    channel: string,
    messages: readonly PublishMessage[],
    retention: { seconds: number; messages: number | null } = DAY,
    app = APP,
  ): Promise<PublishOutcome> {
    return this.mediator.publish({ app, channel, clientId: null, messages, retention });
  }
}
