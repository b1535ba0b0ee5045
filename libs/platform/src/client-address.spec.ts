import { describe, expect, test } from '@jest/globals';
import { clientAddress } from './client-address.js';

describe('who asks', () => {
  const proxy = '10.0.0.9';
  const cases: [string, Record<string, string>, number, string][] = [
    ['nobody is believed without TRUST_PROXY', { 'x-forwarded-for': '192.0.2.1' }, 0, proxy],
    ['one proxy: the last address', { 'x-forwarded-for': '192.0.2.1' }, 1, '192.0.2.1'],
    ['what a client wrote itself', { 'x-forwarded-for': '6.6.6.6, 192.0.2.1' }, 1, '192.0.2.1'],
    ['two proxies', { 'x-forwarded-for': '6.6.6.6, 192.0.2.1, 10.0.0.8' }, 2, '192.0.2.1'],
    ['fewer than expected', { 'x-forwarded-for': '192.0.2.1' }, 3, '192.0.2.1'],
    ['with a port', { 'x-forwarded-for': '192.0.2.1:4711' }, 1, '192.0.2.1'],
    ['IPv6', { 'x-forwarded-for': '2001:db8::1' }, 1, '2001:db8::1'],
    ['no address', { 'x-forwarded-for': 'unknown' }, 1, proxy],
    ['empty', { 'x-forwarded-for': '' }, 1, proxy],
    ['Forwarded', { forwarded: 'for=192.0.2.1;proto=https;by=10.0.0.9' }, 1, '192.0.2.1'],
    ['Forwarded, IPv6', { forwarded: 'for=1.1.1.1, For="[2001:db8::7]:4711"' }, 1, '2001:db8::7'],
    ['Forwarded, hidden', { forwarded: 'for=_hidden' }, 1, proxy],
    [
      'X-Forwarded-For goes first',
      { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.2' },
      1,
      '192.0.2.2',
    ],
    ['no header', {}, 1, proxy],
  ];
  test.each(cases)('%s', (_what, headers, hops, address) => {
    expect(clientAddress(`::ffff:${proxy}`, headers, hops)).toBe(address);
  });
});
