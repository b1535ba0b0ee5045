import { describe, expect, test } from '@jest/globals';
import { toBase64 } from './base64.js';
import type { GroupMessage } from './consumer.js';
import type { Fault, Seen } from './testing/fake-holdline.js';
import { World } from './testing/world.js';

const GROUP = '/v1/channels/jobs/groups/workers';
const json = (value: unknown): Fault => ({ kind: 'raw', status: 200, text: JSON.stringify(value) });

function message(n: number, attempt = 1): GroupMessage {
  return {
    channel: 'jobs',
    id: `m${n}`,
    position: n,
    previous: n - 1,
    timestamp: '2026-01-01T00:00:00.000Z',
    data: n,
    ackId: `a${n}.${attempt}`,
    attempt,
  };
}

/** A server that hands out what is queued, then holds; and what it was told. */
class Jobs {
  readonly world = new World();
  readonly queue: GroupMessage[] = [];
  readonly told: Record<string, unknown>[] = [];
  lost: object | null = null;

  constructor() {
    this.world.server.fault = (seen) => this.answer(seen);
  }

  get asked(): string[] {
    return this.world.server.seen
      .filter(({ path }) => path.startsWith(`${GROUP}/messages`))
      .map(({ path }) => path.slice(path.indexOf('?') + 1));
  }

  private answer(seen: Seen): Fault {
    if (seen.path === `${GROUP}/acks`) {
      this.told.push(seen.body as Record<string, unknown>);
      return json({ results: [] });
    }
    if (this.queue.length === 0 && !this.lost) return { kind: 'silence' };
    const limit = Number(new URLSearchParams(seen.path.split('?')[1]).get('limit'));
    const { lost } = this;
    this.lost = null;
    return json({ messages: this.queue.splice(0, limit), timedOut: false, lost });
  }
}

const deferred = () => {
  let done = (): void => undefined;
  const promise = new Promise<void>((resolve) => (done = resolve));
  return { promise, done };
};

describe('a member of a group', () => {
  test('acks after the handler, one message at a time, and asks for the next', async () => {
    const jobs = new Jobs();
    jobs.queue.push(message(1), message(2, 3));
    const seen: [unknown, number][] = [];
    const stop = jobs.world.holdline
      .channel('jobs')
      .group('workers')
      .consume(({ data, attempt }) => void seen.push([data, attempt]));
    await jobs.world.settle();
    expect(seen).toEqual([
      [1, 1],
      [2, 3],
    ]);
    expect(jobs.told).toEqual([
      { ack: ['a1.1'], nack: [], extend: [] },
      { ack: ['a2.3'], nack: [], extend: [] },
    ]);
    expect(jobs.asked[0]).toBe('wait=55&limit=1&visibility=30');
    await stop();
    jobs.world.holdline.close();
  });

  test('a handler that throws nacks its message, is reported, and stops nothing', async () => {
    const jobs = new Jobs();
    jobs.queue.push(message(1), message(2));
    const stop = jobs.world.holdline
      .channel('jobs')
      .group('workers')
      .consume(({ data }) => {
        if (data === 1) throw new Error('no');
      });
    await jobs.world.settle();
    expect(jobs.told).toEqual([
      { ack: [], nack: ['a1.1'], extend: [] },
      { ack: ['a2.1'], nack: [], extend: [] },
    ]);
    expect(jobs.world.errors).toMatchObject([{ message: 'no' }]);
    await stop();
    jobs.world.holdline.close();
  });

  test('asks for no more than it has room for, and keeps what it works on', async () => {
    const jobs = new Jobs();
    jobs.queue.push(message(1), message(2), message(3));
    const work = deferred();
    const seen: unknown[] = [];
    const stop = jobs.world.holdline
      .channel('jobs')
      .group('workers')
      .consume(
        ({ data }) => {
          seen.push(data);
          return work.promise;
        },
        { concurrency: 2, visibility: 10 },
      );
    await jobs.world.settle();
    expect([seen, jobs.asked]).toEqual([[1, 2], ['wait=55&limit=2&visibility=10']]);
    await jobs.world.clock.advance(5000);
    const extend = ['a1.1', 'a2.1'].map((ackId) => ({ ackId, visibility: 10 }));
    expect(jobs.told.flatMap((told) => told['extend'])).toEqual(extend);
    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await jobs.world.settle();
    expect(stopped).toBe(false);
    work.done();
    await stopping;
    expect(jobs.told.at(-1)).toEqual({ ack: ['a1.1', 'a2.1'], nack: [], extend: [] });
    expect(seen).toEqual([1, 2]);
    expect(jobs.world.clock.pending).toEqual([]);
    jobs.world.holdline.close();
  });

  test('waits out what may pass, reports what cannot, and tells of what is lost', async () => {
    const jobs = new Jobs();
    const gaps: unknown[] = [];
    const room = jobs.world.holdline.channel('jobs');
    room.on('gap', (gap) => gaps.push(gap));
    const serve = jobs.world.server.fault;
    jobs.world.server.fault = () => ({ kind: 'problem', code: 'draining' });
    const seen: unknown[] = [];
    const stop = room.group('workers').consume(({ data }) => void seen.push(data));
    await jobs.world.clock.advance(3000);
    jobs.lost = { reason: 'retention', count: 2 };
    jobs.queue.push(message(3));
    jobs.world.server.fault = serve;
    await jobs.world.clock.advance(60_000);
    expect(seen).toEqual([3]);
    expect(gaps).toEqual([{ channel: 'jobs', reason: 'retention', count: 2 }]);
    await stop();
    jobs.world.server.fault = () => ({ kind: 'problem', code: 'not_found' });
    await room.group('workers').consume(() => undefined)();
    room.group('workers').consume(() => undefined);
    await jobs.world.settle();
    expect(jobs.world.errors.at(-1)).toMatchObject({ code: 'not_found' });
    expect(() => room.group('w').consume(() => undefined, { concurrency: 0 })).toThrow(/1 to 1000/);
    jobs.world.holdline.close();
  });

  test('a path that cuts holds makes nobody wait longer and longer; the client’s hold is kept', async () => {
    const world = new World({ hold: 30 });
    world.server.fault = () => ({ kind: 'silence' });
    const stop = world.holdline
      .channel('jobs')
      .group('workers')
      .consume(() => undefined);
    // Each is given up by the client after 40 s, as one that something on the way had cut.
    await world.clock.advance(600_000);
    const paths = world.server.seen.map(({ path }) => path);
    expect(paths[0]).toBe(`${GROUP}/messages?wait=30&limit=1&visibility=30`);
    expect(paths.length).toBe(Math.ceil(600_000 / 40_250));
    await stop();
    world.holdline.close();
    expect(world.clock.pending).toEqual([]);
  });

  test('an encrypted channel’s messages are decrypted; what cannot be goes to the dead letters', async () => {
    const jobs = new Jobs();
    jobs.queue.push(message(1));
    const keys = { k1: toBase64(new Uint8Array(32)) };
    const room = jobs.world.holdline.channel('jobs', { encryption: { keys, current: 'k1' } });
    const failed: string[] = [];
    room.on('undecryptable', ({ reason }) => failed.push(reason));
    const seen: unknown[] = [];
    const stop = room.group('workers').consume(({ data }) => void seen.push(data));
    await jobs.world.settle();
    expect([seen, failed]).toEqual([[], ['not_encrypted']]);
    expect(jobs.told).toEqual([{ ack: [], nack: ['a1.1'], extend: [] }]);
    await stop();
    jobs.world.holdline.close();
  });
});
