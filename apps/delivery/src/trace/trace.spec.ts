import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TRACE_LIMIT, TraceAnswer, TraceOn, type TraceReceiver } from '#contracts';
import type { Answer } from '#mediator';
import { quiet } from '../../../../libs/mediator/src/testing/manual-clock.js';
import { EdgeSite } from '../testing/edge-site.js';
import { traceRoutes } from './trace-routes.js';

let site: EdgeSite;
beforeAll(async () => {
  site = await new EdgeSite({ maxHolds: 5_000 }).start();
});
beforeEach(() => site.tenant());
afterEach(() => site.letGo());
afterAll(() => site.stop());

const routes = () =>
  traceRoutes({ traces: site.context.traces, store: site.world.store, engine: site.engine });

async function trace(channel: string, app = site.app.id): Promise<TraceOn> {
  const [start] = routes();
  return TraceOn.parse(await start!.answer({ app, channel } as never));
}

async function show(channel: string, position: number, app = site.app.id): Promise<TraceAnswer> {
  const [, message] = routes();
  return TraceAnswer.parse(await message!.answer({ app, channel, position } as never));
}

const publish = async (channel: string, rest: object = {}): Promise<number> => {
  const path = `/v1/channels/${channel}/messages`;
  const { body } = await site.ask(path, { json: { data: 1, ...rest } });
  return body.messages[0].position;
};
const receive = (channel: string, rest = '') => `/v1/channels/${channel}/messages?wait=30${rest}`;
const outcomes = (receivers: readonly TraceReceiver[]) =>
  receivers.map(({ kind, clientId, outcome }) => [kind, clientId, outcome]);
/** Asks until it says so: what the other end of a connection does takes its time. */
async function until<T>(ask: () => Promise<T>, isSo: (got: T) => boolean): Promise<T> {
  for (;;) {
    const got = await ask();
    if (isSo(got)) return got;
    await quiet(1);
  }
}

describe('of a message that nobody traced', () => {
  test('the log’s own facts are told, and that no trace was on', async () => {
    const token = await site.token('ann');
    const before = await publish('room');
    const path = '/v1/channels/room/messages';
    const { body } = await site.ask(path, { json: { id: 'x', name: 'n', data: 'é' }, as: token });
    const { position } = body.messages[0];
    const told = await show('room', position);
    expect(told).toMatchObject({
      message: {
        ...{ id: 'x', position, previous: before, name: 'n', clientId: 'ann' },
        ...{ keyId: site.key.row.id, storedAt: new Date(site.clock.now()).toISOString() },
        bytes: Buffer.byteLength('"id":"x","name":"n","data":"é","clientId":"ann"'),
      },
      trace: null,
      receivers: [],
    });
    expect(told.because).toContain('not traced');
  });

  test('the key is that of its own publish, among many at the same moment', async () => {
    const other = site.world.addKey(site.app.id);
    const path = '/v1/channels/room/messages';
    const positions: [number, string][] = [];
    for (let n = 0; n < 20; n++) {
      const key = n % 2 ? other : site.key;
      const json = [{ data: n }, { data: n }, { data: n }];
      const { body } = await site.ask(path, { json, as: key.header });
      for (const { position } of body.messages) positions.push([position, key.row.id]);
    }
    for (const [position, key] of positions) {
      expect((await show('room', position)).message?.keyId).toBe(key);
    }
  });

  test('P5: there is none where another app, or another channel, stored it', async () => {
    const position = await publish('room');
    const { app } = site;
    expect((await show('other', position)).message).toBeNull();
    site.tenant();
    expect((await show('room', position)).message).toBeNull();
    expect((await show('room', position, app.id)).message).not.toBeNull();
  });

  test('nothing is noted: tracing costs nothing while nobody looks', async () => {
    const { answer } = await site.hold(receive('room'));
    const position = await publish('room');
    await answer;
    expect(site.context.traces.isOn).toBe(false);
    await trace('room');
    const told = await show('room', position);
    expect([told.receivers, told.trace?.complete]).toEqual([[], false]);
    expect(told.because).toContain('began after');
  });
});

describe('of a traced message it is told', () => {
  test('which holds were handed it and when, and who asked on from after it', async () => {
    await trace('room');
    const token = await site.token('ann');
    const [ann, nobody] = [
      await site.hold(receive('room'), { as: token }),
      await site.hold(receive('room')),
    ];
    const position = await publish('room');
    const { body } = await ann.answer;
    await nobody.answer;
    const told = await until(
      () => show('room', position),
      ({ receivers }) => receivers.every(({ outcome }) => outcome === 'written'),
    );
    expect(outcomes(told.receivers)).toEqual([
      ['hold', 'ann', 'written'],
      ['hold', null, 'written'],
    ]);
    expect(told.receivers[0]).toMatchObject({
      ...{ transport: 'http', keyId: site.key.row.id, node: site.engine.node },
      ...{ group: null, at: told.message?.storedAt },
    });
    expect(told.trace?.complete).toBe(true);
    site.advance(1_000);
    await site.hold(receive('room', `&cursor=${body.cursor}`), { as: token });
    const later = await show('room', position);
    expect(outcomes(later.receivers)).toEqual([
      ['hold', 'ann', 'confirmed'],
      ['hold', null, 'written'],
    ]);
    expect(later.receivers[0]!.outcomeAt).toBe(new Date(site.clock.now()).toISOString());
  });

  test('that nobody was there, and who had left shortly before', async () => {
    await trace('room');
    const lonely = await publish('room');
    site.advance(1_000);
    const token = await site.token('ann');
    await site.hold(receive('room'), { as: token });
    await site.letGo();
    const position = await publish('room');
    expect(outcomes((await show('room', position)).receivers)).toEqual([['hold', 'ann', 'gone']]);
    const told = await show('room', lonely);
    expect(told.receivers).toEqual([]);
    expect(told.because).toContain('Nobody');
    site.advance(61_000);
    expect(outcomes((await show('room', await publish('room'))).receivers)).toEqual([]);
  });

  test('whose own filter left it out', async () => {
    await trace('room');
    const { answer } = await site.hold(receive('room', '&name=wanted'));
    const dropped = await publish('room', { name: 'other' });
    const wanted = await publish('room', { name: 'wanted' });
    await answer;
    expect(outcomes((await show('room', dropped)).receivers)).toEqual([['hold', null, 'filtered']]);
    const told = await show('room', wanted);
    expect(told.receivers.map(({ outcome }) => outcome)).not.toContain('filtered');
  });

  test('which member of a group had it, at which attempt, and how it was settled', async () => {
    await site.ask('/v1/channels/jobs/groups/workers', { method: 'PUT', json: {} });
    await trace('jobs');
    const group = '/v1/channels/jobs/groups/workers';
    const position = await publish('jobs');
    const first = await site.ask(`${group}/messages?wait=0`);
    await site.ask(`${group}/acks`, { json: { nack: [first.body.messages[0].ackId] } });
    const second = await site.ask(`${group}/messages?wait=0`);
    await site.ask(`${group}/acks`, { json: { ack: [second.body.messages[0].ackId] } });
    const { receivers } = await show('jobs', position);
    expect(
      receivers.map(({ kind, group: of, attempt, outcome }) => [kind, of, attempt, outcome]),
    ).toEqual([
      ['group', 'workers', 1, 'nacked'],
      ['group', 'workers', 2, 'acked'],
    ]);
  });

  test('what went out on a stream', async () => {
    await trace('room');
    const stop = new AbortController();
    const url = `/v1/channels/room/messages`;
    await site.open(url, { accept: 'text/event-stream' }, stop.signal);
    const position = await publish('room');
    const told = await until(
      () => show('room', position),
      ({ receivers }) => receivers[0]?.outcome === 'written',
    );
    expect(told.receivers).toMatchObject([{ kind: 'stream', transport: 'sse' }]);
    stop.abort();
  });

  test('that a direct message reached its client', async () => {
    await trace('inbox:ann');
    const as = await site.token('ann');
    const { answer } = await site.hold('/v1/clients/me/messages?wait=30', { as });
    const { body } = await site.ask('/v1/clients/ann/messages', { json: { data: 1 } });
    await answer;
    const { receivers } = await show('inbox:ann', body.position);
    expect(receivers).toMatchObject([{ kind: 'direct', clientId: 'ann' }]);
  });
});

describe('tracing is bounded', () => {
  test('to its ten minutes from the last time it was asked for', async () => {
    const { until: end } = await trace('room');
    expect(Date.parse(end)).toBe(site.clock.now() + TRACE_LIMIT.seconds * 1000);
    site.advance(500_000);
    await trace('room');
    site.advance(500_000);
    expect((await show('room', await publish('room'))).trace).not.toBeNull();
    site.advance(101_000);
    expect(site.context.traces.isOn).toBe(false);
    expect((await show('room', await publish('room'))).trace).toBeNull();
  });

  test('to five channels of a tenant: a sixth ends the one asked for longest ago, and none of another’s', async () => {
    const first = site.app;
    await trace('theirs');
    site.tenant();
    for (let n = 0; n < 6; n++) {
      if (n === 5) await trace('c0');
      await trace(`c${n}`);
    }
    const { traces } = site.context;
    const traced = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'].filter((name) =>
      traces.find(site.app.id, name),
    );
    expect(traced).toEqual(['c0', 'c2', 'c3', 'c4', 'c5']);
    expect(traces.find(first.id, 'theirs')).not.toBeNull();
  });

  test('to the newest receivers: who looks is told that others are missing', async () => {
    await trace('room');
    const { traces, mediator } = site.context;
    const principal = await site.context.authenticator.authenticate(site.key.header);
    const places = [{ principal, channels: ['room'] }];
    const position = await publish('room');
    const subscriptions = [{ owner: { ...principal, appId: site.app.id }, channels: ['room'] }];
    const request = { subscriptions, cursor: null, from: { kind: 'start' as const }, limit: 10 };
    let answers = 0;
    const answer = (one: Answer) => {
      answers += 1;
      traces.handed(places, one, 'http');
    };
    for (let n = 0; n <= TRACE_LIMIT.handings; n++) {
      mediator.receive({ ...request, waitMs: 0 }, { answer, refuse: () => {} });
    }
    await until(
      async () => answers,
      (given) => given > TRACE_LIMIT.handings,
    );
    const told = await show('room', position);
    expect([told.receivers.length, told.trace?.complete]).toEqual([TRACE_LIMIT.handings, false]);
    expect(told.because).toContain('missing');
  });
});
