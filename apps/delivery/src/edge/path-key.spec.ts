import { expect, test } from '@jest/globals';
import { networkOf } from './path-key.js';

test.each([
  ['192.0.2.17', '192.0.2'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1'],
  ['2001:0DB8::1', '2001:db8:0'],
  ['::1', '0:0:0'],
  ['2001:db8:1::', '2001:db8:1'],
  ['', ''],
])('%s is in the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
