import { z } from 'zod';

/** Addresses and networks that one key may list. */
const MOST = 100;

/** An address, or a network in CIDR: IPv4 or IPv6. */
export const AllowedIp = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'is no address (192.0.2.7, 2001:db8::7) and no network (192.0.2.0/24, 2001:db8::/32)',
});

export const AllowedIps = z
  .array(AllowedIp)
  .max(MOST)
  .meta({
    description:
      'Addresses and networks (CIDR) that the key and its tokens may be used from. Empty: from anywhere.',
    examples: [['203.0.113.0/24', '2001:db8::/32']],
  });
