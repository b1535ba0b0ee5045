import { describe, expect, test } from '@jest/globals';
import { loggedRequest, loggedResponse } from './attempt-log.js';

describe('what the log keeps of an attempt', () => {
  test('no signature, and nothing of the URL’s query', () => {
    const logged = loggedRequest({
      url: 'https://example.com/hook?token=very-secret',
      headers: { 'webhook-signature': 'v1,very-secret', 'webhook-id': 'evt_1' },
      body: '{}',
    });
    expect(JSON.stringify(logged)).not.toContain('very-secret');
    expect(logged.headers['webhook-id']).toBe('evt_1');
  });

  test('no cookie or token that came back, and not more than it has room for', () => {
    const logged = loggedResponse({
      status: 200,
      error: null,
      headers: {
        'set-cookie': 'very-secret',
        'www-authenticate': 'very-secret',
        ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'y'.repeat(9_999)])),
      },
      body: Buffer.concat([Buffer.from('\0'), Buffer.from([0xff]), Buffer.alloc(60_000, 'z')]),
      cut: false,
    });
    const text = JSON.stringify(logged);
    expect(text).not.toContain('very-secret');
    expect(text.length).toBeLessThan(16_000);
    expect(text).not.toContain('\\u0000');
    expect(logged.cut).toBe(true);
  });
});
