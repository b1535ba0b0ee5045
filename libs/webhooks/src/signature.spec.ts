import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret, signatures } from './signature.js';

const body = '{"type":"key.created","data":{"text":"ä€😀"}}';

describe('signatures, checked with the verifier of Standard Webhooks', () => {
  const seconds = Math.floor(Date.now() / 1000);
  const headers = (secrets: string[]) => ({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures(secrets, 'evt_1', seconds, body),
  });

  test('the secret’s owner accepts it', () => {
    const secret = newSigningSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(new Webhook(secret).verify(body, headers([secret]))).toEqual(JSON.parse(body));
  });

  test('with two secrets the owner of either accepts it, and nobody else', () => {
    const [now, before, other] = [newSigningSecret(), newSigningSecret(), newSigningSecret()];
    const both = headers([now, before]);
    expect(() => new Webhook(now).verify(body, both)).not.toThrow();
    expect(() => new Webhook(before).verify(body, both)).not.toThrow();
    expect(() => new Webhook(other).verify(body, both)).toThrow();
  });

  test('a body, id or time that was changed is refused', () => {
    const secret = newSigningSecret();
    const good = headers([secret]);
    const verifier = new Webhook(secret);
    expect(() => verifier.verify(`${body} `, good)).toThrow();
    expect(() => verifier.verify(body, { ...good, 'webhook-id': 'evt_2' })).toThrow();
    const later = { ...good, 'webhook-timestamp': String(seconds + 1) };
    expect(() => verifier.verify(body, later)).toThrow();
  });
});
