import { describe, expect, test } from '@jest/globals';
import { sendRaw, type RawAnswer, type RawResult } from '../support/raw-http.js';
import { useHoldline } from '../support/use-holdline.js';
import { WireProblem } from '../support/wire.js';
import { Vitals } from './aftermath.js';

/** Protocol, "Faults": slow headers are cut after 15 s, a slow body after 30 s. All at once, as each takes so long. */
const site = useHoldline();

/** One byte a second, so that no idle timeout helps. */
function drip(url: string, head: string): Promise<RawResult> {
  return sendRaw(url, head, {
    waitMs: 45_000,
    then: (write, closed) => {
      const timer = setInterval(() => write('x'), 1000);
      closed.addEventListener('abort', () => clearInterval(timer));
    },
  });
}

/** 408, and its own code; an empty connection, or one with half a line, may be told that it is no request. */
function expectTooSlow({ status, body }: RawAnswer): void {
  const problem = WireProblem.parse(JSON.parse(body));
  expect([problem.status, problem.code]).toEqual(
    status === 408 ? [408, 'request_timeout'] : [400, 'invalid_request'],
  );
}

describe('a sender that drips', () => {
  test('is cut off, on both servers, while others are served and holds go on', async () => {
    const vitals = Vitals.of(site.holdline);
    const { key } = site.client;
    const urls = [site.client.url, site.holdline.apiUrl];
    const headers = urls.flatMap((url) => [
      drip(url, 'GET /v1/channels/slow/messages HTTP/1.1\r\nHost: a\r\nX-'),
      drip(url, 'GET /'),
      sendRaw(url, '', { waitMs: 45_000 }),
    ]);
    const bodyOf = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"data":"`;
    const bodies = [
      drip(urls[0] as string, bodyOf('/v1/channels/slow/messages')),
      drip(urls[0] as string, bodyOf('/v1/poll')),
      drip(urls[1] as string, bodyOf('/v1/signup')),
    ];
    // A hold that is longer than both bounds is none of them.
    const hold = site.client.hold('slow', { wait: 40 });
    for (let n = 0; n < 10; n++) await site.client.publish('others', { data: n });

    for (const result of await Promise.all(headers)) {
      expect(result.closed).toBe(true);
      expect(result.ms).toBeGreaterThan(10_000);
      expect(result.ms).toBeLessThan(20_000);
      for (const answer of result.answers) expectTooSlow(answer);
    }
    expect(hold.settled).toBe(false);
    for (const result of await Promise.all(bodies)) {
      expect(result.closed).toBe(true);
      expect(result.ms).toBeGreaterThan(25_000);
      expect(result.ms).toBeLessThan(36_000);
      for (const answer of result.answers) expectTooSlow(answer);
    }
    expect(hold.settled).toBe(false);
    expect((await site.client.history('slow')).messages).toEqual([]);
    await site.client.publish('slow', { data: 'for the hold' });
    expect((await hold.reply).status).toBe(200);
    await vitals.expectAlive();
  }, 90_000);
});
