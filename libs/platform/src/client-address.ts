import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address of who asks. Behind proxies of our own (TRUST_PROXY) it is what the outermost of them saw:
 * each appends the address it was asked from, so it is counted from the end, where no client can write.
 * `X-Forwarded-For` goes before `Forwarded` (RFC 7239). Without a header that says so, it is whoever is
 * connected.
 * @param hops how many proxies are ours; 0: none, and no header is believed.
 */
export function clientAddress(
  connected: string | undefined,
  headers: IncomingHttpHeaders,
  hops: number,
): string {
  const own = plainAddress(connected ?? '');
  if (hops === 0) return own;
  const chain = forwardedFor(headers);
  const said = chain[Math.max(0, chain.length - hops)];
  return said === undefined || isIP(said) === 0 ? own : said;
}

function forwardedFor(headers: IncomingHttpHeaders): readonly string[] {
  const listed = headers['x-forwarded-for'];
  if (listed !== undefined) {
    const text = typeof listed === 'string' ? listed : listed.join(',');
    return text.split(',').map((one) => plainAddress(one.trim()));
  }
  const { forwarded } = headers;
  if (forwarded === undefined) return [];
  return forwarded.split(',').map((element) => {
    const found = /(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))/i.exec(element);
    return plainAddress(found?.[1] ?? found?.[2] ?? '');
  });
}

/** Without brackets, port or zone; an IPv4 address inside IPv6 as IPv4. */
export function plainAddress(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  const bare = bracketed ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.split('%', 1)[0] as string;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
