import { BlockList, isIP } from 'node:net';

/** IPv4 that is no place on the public internet (IANA's special-purpose registry), multicast and reserved too. */
const V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

const privateV4 = new BlockList();
for (const [net, prefix] of V4) privateV4.addSubnet(net, prefix, 'ipv4');

/**
 * True when an address is on the public internet: what may be connected to for a tenant. An IPv6 address
 * that carries an IPv4 one (mapped, NAT64) is what it carries.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !privateV4.check(address, 'ipv4');
    case 6:
      return isPublicV6(groupsOf(address));
    default:
      return false;
  }
}

function isPublicV6(groups: readonly number[] | null): boolean {
  if (!groups) return false;
  const [a = 0, b = 0] = groups;
  const carried = `${groups[6]! >> 8}.${groups[6]! & 255}.${groups[7]! >> 8}.${groups[7]! & 255}`;
  const zeros = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  // ::ffff:a.b.c.d, and NAT64's 64:ff9b::a.b.c.d.
  if (zeros(0, 5) && groups[5] === 0xffff) return isPublicAddress(carried);
  if (a === 0x64 && b === 0xff9b && zeros(2, 6)) return isPublicAddress(carried);
  // Global unicast alone: not loopback, unique local, link-local, multicast, discard, local NAT64.
  if ((a & 0xe000) !== 0x2000) return false;
  // Teredo, ORCHID, benchmarking; documentation; 6to4, which carries any IPv4; documentation again.
  if (a === 0x2001 && (b < 0x200 || b === 0xdb8)) return false;
  return a !== 0x2002 && !(a === 0x3fff && b < 0x1000);
}

/** The eight groups of an IPv6 address in any of its spellings; null if it is none. */
function groupsOf(address: string): number[] | null {
  // The parser of URLs knows every spelling, and writes all of them one way.
  const url = URL.parse(`http://[${address.split('%', 1)[0]}]/`);
  if (!url) return null;
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
  const parse = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [before, after] = [parse(head), parse(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** The host of a URL as it is asked for in DNS, or as an address: brackets off. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}
