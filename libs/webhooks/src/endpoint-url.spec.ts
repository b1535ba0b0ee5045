import { describe, expect, test } from '@jest/globals';
import { endpointUrlFault } from './endpoint-url.js';

const strict = { allowPrivate: false };

describe('an endpoint’s URL', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0x7f.0.0.0x1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[0:0:0:0:0:ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00:ec2::254]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
    'https://a.localhost/',
    'https://metadata.google.internal/',
    'https://intranet/',
    'https://user@example.com/',
    'https://user:password@example.com/',
    'https://example.com@127.0.0.1/',
    'https://example.com:8443/',
    'https://example.com/#part',
    'http://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'javascript:alert(1)',
    '//example.com/',
    'example.com',
    '',
    `https://example.com/${'x'.repeat(3000)}`,
  ])('%s is refused', (url) => expect(endpointUrlFault(url, strict)).toEqual(expect.any(String)));

  test.each([
    'https://example.com/hook?token=1',
    'https://example.com:443/hook',
    'https://bücher.example/hook',
    'https://8.8.8.8/hook',
    'https://[2606:4700:4700::1111]/',
  ])('%s is allowed', (url) => expect(endpointUrlFault(url, strict)).toBeNull());

  test('where private addresses are allowed, so are http and ports, but nothing else', () => {
    const loose = { allowPrivate: true };
    expect(endpointUrlFault('http://127.0.0.1:8080/hook', loose)).toBeNull();
    expect(endpointUrlFault('ftp://127.0.0.1/', loose)).not.toBeNull();
    expect(endpointUrlFault('http://user@127.0.0.1/', loose)).not.toBeNull();
  });
});
