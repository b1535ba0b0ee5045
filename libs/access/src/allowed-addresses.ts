import { BlockList, isIPv6 } from 'node:net';
import { Problem } from '#contracts';

/** By the list itself: a key's row, and so its list, stays the same object until it changes. */
const compiled = new WeakMap<readonly string[], BlockList>();

/**
 * Holds a key, and the tokens made with it, to the addresses that it may be used from.
 * @param allowed addresses and networks; none: from anywhere.
 * @throws Problem forbidden, which names the address.
 */
export function requireAddress(allowed: readonly string[], address: string): void {
  if (allowed.length === 0) return;
  let list = compiled.get(allowed);
  if (!list) compiled.set(allowed, (list = compile(allowed)));
  if (list.check(address, family(address))) return;
  throw new Problem(
    'forbidden',
    `This key may not be used from ${address === '' ? 'an address that cannot be told' : address}. ` +
      "Add the address to the key's allowedIps, or call from one that is among them.",
  );
}

function compile(allowed: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of allowed) {
    const [address = '', prefix] = entry.split('/', 2);
    if (prefix === undefined) list.addAddress(address, family(address));
    else list.addSubnet(address, Number(prefix), family(address));
  }
  return list;
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
