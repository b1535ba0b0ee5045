import { describe, expect, test } from '@jest/globals';
import { Holdline } from './client.js';
import { settle } from './testing/manual-clock.js';
import { World } from './testing/world.js';

describe('credentials', () => {
  test('a token that expires is renewed once, for everybody who waits for it', async () => {
    let made = 0;
    const world = new World({ authorize: async () => `t${++made}` });
    world.server.tokens = new Set(['t1']);
    await world.holdline.channel('a').publish(1);
    world.server.tokens = new Set(['t2']);
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => world.holdline.channel(name).publish(2)));
    expect(made).toBe(2);
  });

  test('a first token that is given is used before authorize is asked', async () => {
    let made = 0;
    const world = new World({ token: 'given', authorize: async () => `t${++made}` });
    await world.holdline.channel('a').publish(1);
    expect(made).toBe(0);
    expect(world.server.seen[0]?.token).toBe('given');
  });

  test('an authorize that fails is tried again, and told in its own words when it stays', async () => {
    let asked = 0;
    const authorize = async (): Promise<string> => {
      asked++;
      throw new Error('the shop is closed');
    };
    const world = new World({ authorize, retryFor: 5 });
    const outcome = world.holdline
      .channel('a')
      .publish(1)
      .catch((error: unknown) => error);
    await world.clock.advance(5_000);
    expect(await outcome).toMatchObject({ code: 'authorize_failed' });
    expect(String(await outcome)).toContain('the shop is closed');
    expect(asked).toBeGreaterThan(1);
  });

  test('an authorize that never answers is given up', async () => {
    const world = new World({ authorize: () => new Promise(() => undefined), retryFor: 1 });
    const outcome = world.holdline
      .channel('a')
      .publish(1)
      .catch((error: unknown) => error);
    await world.clock.advance(30_000);
    expect(await outcome).toMatchObject({ code: 'authorize_failed' });
  });

  test.each([
    [{}, 'url'],
    [{ url: 'rt.example.com', key: 'k' }, 'url'],
    [{ url: 'https://rt.example.com' }, 'One of'],
    [{ url: 'https://rt.example.com', key: 'k', token: 't' }, 'key'],
    [{ url: 'https://rt.example.com', key: 'k', hold: 0 }, 'hold'],
    [{ url: 'https://rt.example.com', key: 'k', hold: 301 }, 'hold'],
  ])('options that make no sense are refused in words: %j', (options, word) => {
    expect(() => new Holdline(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_use', detail: expect.stringContaining(word) }),
    );
  });

  test('the credential is sent in a header, never in a URL, and cookies never', async () => {
    const seen: { url: string; init: RequestInit }[] = [];
    const world = new World();
    const holdline = new Holdline({
      url: 'https://rt.example.com/base/',
      key: 'hl_test_secret',
      clock: world.clock,
      fetch: (url, init) => {
        seen.push({ url, init });
        return world.server.fetch(url.replace('/base', ''), init);
      },
    });
    holdline.channel('a b/ü').subscribe(() => undefined);
    await holdline.channel('a b/ü').publish(1);
    for await (const message of holdline.channel('a b/ü').history()) expect(message.data).toBe(1);
    await settle();
    holdline.close();
    expect(seen.length).toBeGreaterThan(3);
    for (const { url, init } of seen) {
      expect(url).toMatch(/^https:\/\/rt\.example\.com\/base\/v1\//);
      expect(url).not.toContain('secret');
      expect(init).toMatchObject({ credentials: 'omit', cache: 'no-store' });
      expect(new Headers(init.headers).get('authorization')).toBe('Bearer hl_test_secret');
    }
  });
});
