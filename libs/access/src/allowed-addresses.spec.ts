import { describe, expect, test } from '@jest/globals';
import { requireAddress } from './allowed-addresses.js';
import { World } from './testing/world.js';

describe('where a key may be used from', () => {
  const allowed = ['203.0.113.0/24', '198.51.100.7', '2001:db8::/32'];

  test.each(['203.0.113.0', '203.0.113.255', '198.51.100.7', '2001:db8:ffff::1'])(
    'from %s',
    (address) => expect(() => requireAddress(allowed, address)).not.toThrow(),
  );

  test.each(['203.0.114.1', '198.51.100.8', '2001:db9::1', '127.0.0.1'])(
    'not from %s, and the refusal names it',
    (address) =>
      expect(() => requireAddress(allowed, address)).toThrow(
        expect.objectContaining({
          code: 'forbidden',
          message: expect.stringContaining(address) as unknown,
        }),
      ),
  );

  test('an address that nobody knows is refused', () => {
    expect(() => requireAddress(allowed, '')).toThrow(
      expect.objectContaining({ code: 'forbidden' }),
    );
  });

  test('from anywhere when nothing is listed', () => {
    expect(() => requireAddress([], '')).not.toThrow();
  });
});

test('a key hands its list on to its principal; a key from an older cache has none', async () => {
  const world = new World();
  world.addApp('a');
  const allowedIps = ['203.0.113.0/24'];
  const listed = world.addKey('a', { allowedIps });
  const plain = world.addKey('a');
  expect((await world.authenticator.authenticate(listed.header)).allowedIps).toEqual(allowedIps);
  expect((await world.authenticator.authenticate(plain.header)).allowedIps).toEqual([]);
  // A change is in force with the next request.
  world.change(listed.row, { allowedIps: ['192.0.2.1'] });
  expect((await world.authenticator.authenticate(listed.header)).allowedIps).toEqual(['192.0.2.1']);
});
