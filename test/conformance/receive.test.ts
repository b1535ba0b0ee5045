import { describe, expect, test } from '@jest/globals';
import { channelPath } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { only, received, refused } from '../support/wire.js';

/** Protocol, "Receive: the held request": the hold itself. Cursors and lists: receive-resume. */
const site = useSharedHoldline();

describe('the hold', () => {
  test('is answered as soon as a message is there', async () => {
    const hold = site.client.hold('live', { cursor: await site.client.now('live') });
    await site.client.settle();
    expect(hold.settled).toBe(false);
    const began = performance.now();
    await site.client.publish('live', { data: 'now' });
    const reply = await hold.reply;
    expect(received(reply).messages.map((one) => one.data)).toEqual(['now']);
    // Meant: a few milliseconds. Asserted: what a loaded machine still keeps and a wait would not.
    expect(reply.at - began).toBeLessThan(500);
  });

  test('without a cursor begins at now: what was before is not handed out', async () => {
    await site.client.publish('from-now', { data: 'old' });
    const hold = site.client.hold('from-now');
    await site.client.settle();
    await site.client.publish('from-now', { data: 'new' });
    expect(received(await hold.reply).messages.map((one) => one.data)).toEqual(['new']);
  });

  test('P2: every held reader gets the same message at the same position', async () => {
    const holds = Array.from({ length: 50 }, () => site.client.hold('many', { from: 'start' }));
    await site.client.settle();
    const sent = only((await site.client.publish('many', { data: 1 })).messages);
    const answers = await Promise.all(holds.map(async (hold) => received(await hold.reply)));
    expect(answers.map((answer) => only(answer.messages).position)).toEqual(
      answers.map(() => sent.position),
    );
  });

  test('an array comes in one answer', async () => {
    const hold = site.client.hold('together', { from: 'start' });
    await site.client.settle();
    await site.client.publish('together', [{ data: 1 }, { data: 2 }, { data: 3 }]);
    expect(received(await hold.reply).messages.map((one) => one.data)).toEqual([1, 2, 3]);
  });

  test('a message in another channel does not end it', async () => {
    const hold = site.client.hold('quiet', { wait: 2 });
    await site.client.settle();
    await site.client.publish('quieter', { data: 1 });
    expect(received(await hold.reply).timedOut).toBe(true);
  });

  test('with nothing by its end: no messages, timedOut, and a cursor as good as before', async () => {
    const cursor = await site.client.now('idle');
    const began = performance.now();
    const reply = await site.client.hold('idle', { cursor, wait: 1 }).reply;
    const answer = received(reply);
    expect(reply.at - began).toBeGreaterThan(950);
    expect(reply.at - began).toBeLessThan(5000);
    expect(answer).toMatchObject({ messages: [], timedOut: true });
    await site.client.publish('idle', { data: 'later' });
    for (const either of [cursor, answer.cursor]) {
      expect(
        (await site.client.receive('idle', { cursor: either })).messages.map((one) => one.data),
      ).toEqual(['later']);
    }
  });

  test('wait=0 answers at once', async () => {
    const began = performance.now();
    expect(await site.client.receive('at-once')).toMatchObject({ messages: [], timedOut: true });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test('a client that goes away leaves nothing behind, and others are answered', async () => {
    const holds = Array.from({ length: 10 }, () => site.client.hold('gone'));
    const stays = site.client.hold('gone');
    await site.client.settle();
    for (const hold of holds) hold.abort();
    await site.client.settle();
    await site.client.publish('gone', { data: 1 });
    expect(received(await stays.reply).messages).toHaveLength(1);
  });
});

describe('how long it may last', () => {
  const hold = (query: Record<string, number>, headers: Record<string, string> = {}) =>
    site.client.start(channelPath('asked', { from: 'start', ...query }), { headers });

  test.each<[string, Record<string, number>, Record<string, string>, RegExp]>([
    ['wait=7', { wait: 7 }, {}, /^7; ?reason=asked$/],
    ['Prefer: wait=9', {}, { Prefer: 'wait=9' }, /^9; ?reason=asked$/],
    ['Prefer among others', {}, { Prefer: 'respond-async, wait=11' }, /^11; ?reason=asked$/],
    ['nothing', {}, {}, /^55; ?reason=default$/],
    ['wait=300', { wait: 300 }, {}, /^300; ?reason=asked$/],
  ])('%s: Holdline-Hold says so', async (_what, query, headers, expected) => {
    const asked = hold(query, headers);
    await site.client.settle();
    await site.client.publish('asked', { data: 1 });
    expect((await asked.reply).headers['holdline-hold']).toMatch(expected);
  });

  test('Preference-Applied says that Prefer was done, and nothing where it was not', async () => {
    const applied = async (query: Record<string, number>, headers: Record<string, string>) => {
      const asked = hold({ wait: 0, ...query }, headers);
      return (await asked.reply).headers['preference-applied'];
    };
    const preferred = site.client.start(channelPath('applied'), { headers: { Prefer: 'wait=0' } });
    expect((await preferred.reply).headers['preference-applied']).toBe('wait=0');
    expect(await applied({ wait: 0 }, { Prefer: 'wait=5' })).toBeUndefined();
    expect(await applied({}, {})).toBeUndefined();
  });

  test('Prefer: wait=0 answers at once', async () => {
    const reply = await site.client.start(channelPath('prefer'), { headers: { Prefer: 'wait=0' } })
      .reply;
    expect(received(reply).timedOut).toBe(true);
  });

  test.each(['301', '-1', '1.5', 'long', ''])('wait=%s is refused', async (wait) => {
    refused(await site.client.ask(channelPath('asked', { wait })), 400, 'invalid_request');
  });
});

describe('where to begin', () => {
  const data = async (channel: string, from: string, limit?: number) =>
    (await site.client.receive(channel, { from, limit })).messages.map((one) => one.data);

  test('from=start, -N and now', async () => {
    await site.client.publish(
      'places',
      [1, 2, 3, 4].map((one) => ({ data: one })),
    );
    expect(await data('places', 'start')).toEqual([1, 2, 3, 4]);
    expect(await data('places', '-2')).toEqual([3, 4]);
    expect(await data('places', '-100')).toEqual([1, 2, 3, 4]);
    expect(await data('places', 'now')).toEqual([]);
  });

  test('-0 is now', async () => {
    await site.client.publish('zero', { data: 1 });
    expect(await data('zero', '-0')).toEqual([]);
  });

  test('an RFC 3339 time: what was accepted then and after', async () => {
    const early = only((await site.client.publish('times', { data: 'early' })).messages);
    await site.client.receive('times-clock', { wait: 1 });
    const late = only((await site.client.publish('times', { data: 'late' })).messages);
    expect(await data('times', early.timestamp)).toEqual(['early', 'late']);
    expect(await data('times', late.timestamp)).toEqual(['late']);
    const zone = new Date(Date.parse(late.timestamp) + 7_200_000)
      .toISOString()
      .replace('Z', '+02:00');
    expect(await data('times', zone)).toEqual(['late']);
    expect(await data('times', '2001-01-01T00:00:00Z')).toEqual(['early', 'late']);
    expect(await data('times', '2199-01-01T00:00:00Z')).toEqual([]);
  });

  test.each(['yesterday', '2026-01-01', '-', '1', '+5', '-1.5', '2026-13-45T99:00:00Z', ''])(
    'from=%s is refused',
    async (from) => {
      refused(
        await site.client.ask(channelPath('places', { from, wait: 0 })),
        400,
        'invalid_request',
      );
    },
  );

  test('the proof of from=start begins before the first message', async () => {
    await site.client.publish('proof', { data: 1 });
    expect((await site.client.receive('proof', { from: 'start' })).channels['proof']).toMatchObject(
      { from: 0, lost: null },
    );
  });
});

describe('limit', () => {
  test('cuts the answer; the cursor goes on behind it, to the end', async () => {
    await site.client.publish(
      'cut',
      Array.from({ length: 25 }, (_, data) => ({ data })),
    );
    const got: unknown[] = [];
    let answer = await site.client.receive('cut', { from: 'start', limit: 10 });
    while (answer.messages.length > 0) {
      expect(answer.messages.length).toBeLessThanOrEqual(10);
      got.push(...answer.messages.map((one) => one.data));
      answer = await site.client.receive('cut', { cursor: answer.cursor, limit: 10 });
    }
    expect(got).toEqual(Array.from({ length: 25 }, (_, n) => n));
  });

  test('is 100 unless it is said', async () => {
    await site.client.publish(
      'hundred',
      Array.from({ length: 150 }, (_, data) => ({ data })),
    );
    expect((await site.client.receive('hundred', { from: 'start' })).messages).toHaveLength(100);
  });

  test.each(['0', '1001', 'all', '-5'])('limit=%s is refused', async (limit) => {
    refused(await site.client.ask(channelPath('cut', { limit, wait: 0 })), 400, 'invalid_request');
  });

  test('a large answer is cut by bytes, and nothing is left out', async () => {
    const text = 'x'.repeat(60_000);
    for (let n = 0; n < 2; n++) {
      await site.client.publish(
        'heavy',
        Array.from({ length: 60 }, () => ({ data: text })),
      );
    }
    let count = 0;
    let answer = await site.client.receive('heavy', { from: 'start', limit: 1000 });
    while (answer.messages.length > 0) {
      count += answer.messages.length;
      answer = await site.client.receive('heavy', { cursor: answer.cursor, limit: 1000 });
    }
    expect(count).toBe(120);
  });
});

describe('the answer’s headers', () => {
  test('Link is all that a client needs to follow', async () => {
    await site.client.publish(
      'link',
      Array.from({ length: 5 }, (_, data) => ({ data })),
    );
    let path = channelPath('link', { from: 'start', limit: 2, wait: 0 });
    const got: unknown[] = [];
    for (let n = 0; n < 4; n++) {
      const reply = await site.client.ask(path);
      got.push(...received(reply).messages.map((one) => one.data));
      const target = /<([^>]+)>; ?rel="?next"?/.exec(String(reply.headers['link']))?.[1] as string;
      const url = new URL(target, site.client.url + path);
      expect(url.origin).toBe(site.client.url);
      path = url.pathname + url.search;
    }
    expect(got).toEqual([0, 1, 2, 3, 4]);
    // It asks for the same hold and limit as before, and never says a credential.
    expect(path).toMatch(/limit=2/);
    expect(path).toMatch(/wait=0/);
    expect(path).not.toContain(site.client.key);
  });

  test('no cache keeps an answer', async () => {
    expect(
      (await site.client.ask(channelPath('link', { wait: 0 }))).headers['cache-control'],
    ).toMatch(/no-store/);
  });

  test('HEAD and other methods are refused with what is allowed', async () => {
    const problem = await site.client.ask(channelPath('link'), { method: 'DELETE' });
    refused(problem, 405, 'method_not_allowed');
    expect(problem.headers['allow']).toMatch(/GET/);
    expect(problem.headers['allow']).toMatch(/POST/);
  });
});
