import { isIPv4, isIPv6 } from 'node:net';
import type { Exchange } from './exchange.js';

/**
 * The path that a request came by, as far as it shows: the app, the client's network and the first proxy
 * that gave its name. Clients of one network share what cuts them.
 */
export function pathKey(exchange: Exchange, appId: string): string {
  return `${appId} ${networkOf(exchange.address)} ${hop(exchange)}`;
}

/** The /24 of an IPv4 address, the /48 of an IPv6 one. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address.slice(0, address.lastIndexOf('.'));
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === '' ? [] : tail.split(':');
  while (groups.length + rest.length < 8) groups.push('0');
  return [...groups, ...rest]
    .slice(0, 3)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

const HOP_LENGTH = 100;

function hop(exchange: Exchange): string {
  const via = exchange.header('via');
  if (via !== undefined) return (via.split(',', 1)[0] as string).slice(0, HOP_LENGTH);
  const by = /(?:^|[;,\s])by=([^;,\s]+)/i.exec(exchange.header('forwarded') ?? '');
  return by ? (by[1] as string).slice(0, HOP_LENGTH) : '';
}
