import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import type { CreatedKey } from '../support/control-plane.js';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { refused, succeeded } from '../support/wire.js';

/** Forged and twisted client tokens (S10): none is taken, whichever way it is sent. */
const site = useSharedHoldline();
let own: CreatedKey;
let foreign: CreatedKey;
let rsa: { publicKey: KeyObject; privateKey: KeyObject };
let ed: { publicKey: KeyObject; privateKey: KeyObject };

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = (more: object = {}) => ({ clientId: 'x', iat: now(), exp: now() + 60, ...more });

function hmac(header: object, payload: unknown, secret: string, algorithm = 'sha256'): string {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac(algorithm, secret).update(text).digest('base64url')}`;
}

const own256 = (payload: unknown = claims(), header: object = {}) =>
  hmac({ alg: 'HS256', typ: 'JWT', kid: own.id, ...header }, payload, own.signingSecret);

beforeAll(async () => {
  own = await site.owner.createKey(site.holdline.appId, {
    capabilities: { 'room:*': ['subscribe'] },
  });
  const other = await site.owner.createApp('other');
  foreign = await site.owner.createKey(other);
  rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  ed = generateKeyPairSync('ed25519');
  const jwks = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa-1', alg: 'RS256' },
    { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed-1', alg: 'EdDSA' },
  ];
  succeeded(
    await site.owner.ask(`/v1/apps/${site.holdline.appId}`, { method: 'PATCH', json: { jwks } }),
    200,
  );
  await eventually('the keys are known', 5000, async () => {
    const known = await site.client.as(own256()).ask(channelPath('room:1', { wait: 0 }));
    const registered = await site.client.as(eddsa()).ask(channelPath('room:1', { wait: 0 }));
    return known.status === 200 && registered.status === 200;
  });
}, 60_000);

function eddsa(
  payload: object = claims({ capabilities: { 'room:*': ['subscribe'] } }),
  header: object = {},
): string {
  const text = `${part({ alg: 'EdDSA', kid: 'ed-1', ...header })}.${part(payload)}`;
  return `${text}.${signBytes(null, Buffer.from(text), ed.privateKey).toString('base64url')}`;
}

const forged: [string, () => string][] = [
  ['alg none', () => `${part({ alg: 'none', kid: own.id })}.${part(claims())}.`],
  ['alg None', () => `${part({ alg: 'None', kid: own.id })}.${part(claims())}.`],
  ['no signature', () => own256().split('.').slice(0, 2).join('.') + '.'],
  ['another signature', () => own256().slice(0, -4) + 'AAAA'],
  [
    'other claims under the same signature',
    () => {
      const [head, , signature] = own256().split('.');
      return `${head}.${part(claims({ clientId: 'admin' }))}.${signature}`;
    },
  ],
  [
    'HS512 in place of HS256',
    () => hmac({ alg: 'HS512', kid: own.id }, claims(), own.signingSecret, 'sha512'),
  ],
  [
    'another key’s secret',
    () => hmac({ alg: 'HS256', kid: own.id }, claims(), foreign.signingSecret),
  ],
  ['the API key as the secret', () => hmac({ alg: 'HS256', kid: own.id }, claims(), own.key)],
  ['an empty secret', () => hmac({ alg: 'HS256', kid: own.id }, claims(), '')],
  [
    'HS256 with the RSA public key as the secret',
    () =>
      hmac(
        { alg: 'HS256', kid: 'rsa-1' },
        claims(),
        String(rsa.publicKey.export({ type: 'spki', format: 'pem' })),
      ),
  ],
  [
    'HS256 with the Ed25519 public key as the secret',
    () =>
      hmac(
        { alg: 'HS256', kid: 'ed-1' },
        claims(),
        (ed.publicKey.export({ format: 'jwk' }) as { x: string }).x,
      ),
  ],
  ['EdDSA under the id of an HS256 key', () => eddsa(claims(), { kid: own.id })],
  ['EdDSA under the id of the RSA key', () => eddsa(claims(), { kid: 'rsa-1' })],
  ['no kid', () => hmac({ alg: 'HS256' }, claims(), own.signingSecret)],
  ['an unknown kid', () => own256(claims(), { kid: 'AAAAAAAAAAAA' })],
  ['a kid that is a path', () => own256(claims(), { kid: '../../../../dev/null' })],
  ['a kid that is SQL', () => own256(claims(), { kid: `${own.id}' OR '1'='1` })],
  ['a kid that is no text', () => own256(claims(), { kid: [own.id] })],
  ['a kid that names a prototype', () => own256(claims(), { kid: '__proto__' })],
  [
    'its own key in the head (jwk)',
    () => {
      const text = `${part({ alg: 'EdDSA', kid: 'new', jwk: ed.publicKey.export({ format: 'jwk' }) })}.${part(claims())}`;
      return `${text}.${signBytes(null, Buffer.from(text), ed.privateKey).toString('base64url')}`;
    },
  ],
  ['a critical extension that nobody knows', () => own256(claims(), { crit: ['b64'], b64: false })],
  ['no exp', () => own256({ clientId: 'x', iat: now() })],
  ['an exp that is no number', () => own256(claims({ exp: '9999999999' }))],
  ['an exp a day ahead', () => own256(claims({ exp: now() + 86_400 }))],
  ['not yet valid', () => own256(claims({ nbf: now() + 600 }))],
  ['issued in the future', () => own256(claims({ iat: now() + 1800, exp: now() + 3500 }))],
  ['claims that are no object', () => own256('"x"')],
  ['claims that are an array', () => own256([])],
  ['claims that are no JSON', () => own256('{')],
  ['a clientId that is no text', () => own256(claims({ clientId: { $ne: null } }))],
  ['a clientId with a line break', () => own256(claims({ clientId: 'a\nb' }))],
  ['capabilities that are no map', () => own256(claims({ capabilities: ['*'] }))],
  [
    'capabilities with an unknown operation',
    () => own256(claims({ capabilities: { '*': ['root'] } })),
  ],
  [
    'capabilities with a pattern that is none',
    () => own256(claims({ capabilities: { 'r*m': ['subscribe'] } })),
  ],
  ['5 kB of claims', () => own256(claims({ pad: 'x'.repeat(5000) }))],
  ['two parts', () => own256().split('.').slice(0, 2).join('.')],
  ['four parts', () => `${own256()}.x`],
  ['five parts (encrypted)', () => `${own256()}.x.y`],
  ['dots', () => '..'],
];

describe('a forged token is 401, and the answer says nothing that helps', () => {
  test.each(forged)('%s', async (_what, make) => {
    const token = make();
    refused(
      await site.client.as(token).ask(channelPath('room:1', { wait: 0 })),
      401,
      /^(unauthenticated|token_expired)$/,
    );
    const polled = await site.client.as('').ask('/v1/poll', {
      headers: { authorization: '' },
      json: { subscriptions: [{ token, channels: ['room:1'] }], wait: 0 },
    });
    refused(polled, 401, /^(unauthenticated|token_expired)$/);
    expect(polled.text).not.toContain(own.signingSecret);
  });

  test('expired is said as such, so that a client asks for a new one', async () => {
    const token = own256(claims({ iat: now() - 7200, exp: now() - 3600 }));
    refused(
      await site.client.as(token).ask(channelPath('room:1', { wait: 0 })),
      401,
      'token_expired',
    );
  });
});

describe('a genuine token widens nothing', () => {
  test.each<[string, object]>([
    ['everything', { '*': ['*'] }],
    ['admin', { '*': ['admin', 'subscribe'] }],
    ['its key’s namespace, to publish', { 'room:*': ['publish'] }],
    ['a nested pattern', { 'room:a:*': ['publish', 'history'] }],
  ])('asking for %s', async (_what, capabilities) => {
    const client = site.client.as(own256(claims({ capabilities })));
    for (const [method, path] of [
      ['POST', channelPath('room:a:1')],
      ['POST', channelPath('other')],
      ['GET', channelPath('other', { wait: 0 })],
      ['GET', channelPath('room', { wait: 0 })],
      ['GET', channelPath('room:a:1', {}, 'history')],
      ['POST', '/v1/tokens'],
    ] as const) {
      const reply = await client.ask(path, {
        method,
        ...(method === 'POST' ? { json: { data: 1 } } : {}),
      });
      // An operation that the pattern language does not know may make the whole token unreadable.
      expect([path, [401, 403].includes(reply.status)]).toEqual([path, true]);
    }
    expect((await site.client.history('room:a:1')).messages).toEqual([]);
  });
});
