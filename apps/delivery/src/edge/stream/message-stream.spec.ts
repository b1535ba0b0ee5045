import { describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import type { Principal } from '#access';
import type { Answer, Mediator, ReceiveRequest, Receiver } from '#mediator';
import fc from 'fast-check';
import { HEARTBEAT_MS, MessageStream, type StreamSink } from './message-stream.js';

const NOTHING: Answer = {
  body: Buffer.alloc(0),
  cursor: '',
  timedOut: true,
  messages: 0,
  counts: [],
};

/** A mediator whose answers the test gives; a log of numbers, the cursor being how many were seen. */
class FakeMediator {
  length = 0;
  asked: { request: ReceiveRequest; receiver: Receiver } | null = null;
  requests = 0;
  cancels = 0;
  constructor(private readonly isSynchronous: () => boolean) {}

  receive(request: ReceiveRequest, receiver: Receiver) {
    expect(this.asked).toBeNull();
    this.asked = { request, receiver };
    this.requests += 1;
    if (this.isSynchronous()) this.settle();
    return {
      cancel: () => {
        this.asked = null;
        this.cancels += 1;
      },
    };
  }

  /** Answers, if there is something or the hold is over. */
  settle(isOver = false): void {
    if (!this.asked) return;
    const { request, receiver } = this.asked;
    const at = request.cursor === null ? this.length : Number(request.cursor);
    const to = Math.min(this.length, at + request.limit);
    if (to === at && request.waitMs > 0 && !isOver) return;
    this.asked = null;
    receiver.answer({ ...NOTHING, cursor: String(to), timedOut: to === at, messages: to - at });
  }
}

class FakeSink implements StreamSink {
  isFull = false;
  seen: string[] = [];
  slow: boolean[] = [];
  place(cursor: string) {
    this.seen.push(`at ${cursor}`);
  }
  answer({ cursor, messages }: Answer, isSlow: boolean) {
    this.seen.push(`${Number(cursor) - messages}-${cursor}`);
    this.slow.push(isSlow);
  }
  heartbeat() {
    this.seen.push('heartbeat');
  }
  end({ code }: Problem) {
    this.seen.push(code);
  }
}

function setUp({
  isSynchronous = (): boolean => false,
  cursor = null as string | null,
  expiresAt = null as number | null,
} = {}) {
  const mediator = new FakeMediator(isSynchronous);
  const sink = new FakeSink();
  const time = { now: 0 };
  const state = { fault: null as Problem | null };
  const stream = new MessageStream(
    {
      mediator: mediator as unknown as Mediator,
      streams: {
        faultOf: () => state.fault,
        spentOf: () => null,
        spendOf: () => undefined,
      } as never,
      clock: { now: () => time.now, monotonic: () => time.now, every: () => () => {} },
    },
    {
      principals: [{ expiresAt } as Principal],
      subscriptions: [],
      cursor,
      from: { kind: 'now' },
      limit: 10,
    },
    sink,
  );
  return { mediator, sink, stream, state, time };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a stream of messages', () => {
  test('says where it begins, then holds as long as a heartbeat', () => {
    const { mediator, sink, stream } = setUp();
    stream.start();
    expect(mediator.asked?.request.waitMs).toBe(0);
    mediator.settle();
    expect(sink.seen).toEqual(['at 0']);
    expect(mediator.asked?.request).toMatchObject({ cursor: '0', waitMs: HEARTBEAT_MS });
    mediator.settle(true);
    expect(sink.seen).toEqual(['at 0', 'heartbeat']);
  });

  test('P4: hands on everything once, in order, whoever answers when and however slow the client', async () => {
    const steps = fc.array(fc.constantFrom('publish', 'settle', 'over', 'full', 'room', 'turn'), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (list, coins) => {
        const flip = () => coins.next().value as boolean;
        const { mediator, sink, stream } = setUp({ isSynchronous: flip, cursor: '0' });
        stream.start();
        for (const step of list) {
          if (step === 'publish') mediator.length += 7;
          else if (step === 'settle') mediator.settle();
          else if (step === 'over') mediator.settle(true);
          else if (step === 'turn') await turn();
          else {
            sink.isFull = step === 'full';
            if (step === 'room') stream.resume();
          }
        }
        sink.isFull = false;
        stream.resume();
        for (let n = 0; n < 60; n++) {
          await turn();
          mediator.settle();
        }
        let at = 0;
        for (const range of sink.seen.filter((one) => one.includes('-'))) {
          const [from, to] = range.split('-').map(Number);
          expect(from).toBe(at);
          at = to as number;
        }
        expect(at).toBe(mediator.length);
      }),
      { numRuns: 200 },
    );
  });

  test('asks for nothing while the client does not read, and says what was its own fault', async () => {
    const { mediator, sink, stream, time } = setUp({ cursor: '0' });
    stream.start();
    sink.isFull = true;
    mediator.length = 3;
    mediator.settle();
    expect(mediator.asked).toBeNull();
    time.now = 60_000;
    sink.isFull = false;
    stream.resume();
    await turn();
    mediator.length = 5;
    mediator.settle();
    mediator.length = 6;
    mediator.settle();
    expect(sink.seen).toEqual(['0-3', '3-5', '5-6']);
    expect(sink.slow).toEqual([false, true, false]);
  });

  test('a refusal of the first receive is thrown, and the sink hears nothing', () => {
    const { mediator, sink, stream } = setUp();
    mediator.receive = (_request, receiver) => {
      receiver.refuse(new Problem('invalid_cursor', 'no'));
      return { cancel: () => {} };
    };
    expect(() => stream.start()).toThrow('no');
    expect(sink.seen).toEqual([]);
  });

  test('a refusal later ends it', () => {
    const { mediator, sink, stream } = setUp();
    stream.start();
    mediator.settle();
    mediator.asked?.receiver.refuse(new Problem('revoked', 'gone'));
    expect(sink.seen).toEqual(['at 0', 'revoked']);
  });

  test('P7: looks at the credential before each receive, and holds no longer than it lives', () => {
    const { mediator, sink, stream, state } = setUp({ expiresAt: 4000 });
    stream.start();
    mediator.settle();
    expect(mediator.asked?.request.waitMs).toBe(4000);
    state.fault = new Problem('token_expired', 'over');
    mediator.settle(true);
    expect(sink.seen.at(-1)).toBe('token_expired');
    expect(mediator.asked).toBeNull();
  });

  test('many answers from inside the call do not grow the stack', async () => {
    const { mediator, sink, stream } = setUp({ cursor: '0', isSynchronous: () => true });
    mediator.length = 1;
    const answer = sink.answer.bind(sink);
    sink.answer = (one, isSlow) => {
      answer(one, isSlow);
      if (mediator.length < 50_000) mediator.length += 1;
    };
    stream.start();
    expect(sink.seen).toHaveLength(50_000);
  });

  test('cancelled, it forgets its hold and asks no more', async () => {
    const { mediator, sink, stream } = setUp();
    stream.start();
    mediator.settle();
    stream.cancel();
    expect(mediator.cancels).toBe(1);
    stream.resume();
    await turn();
    expect(mediator.asked).toBeNull();
    expect(sink.seen).toEqual(['at 0']);
  });
});
