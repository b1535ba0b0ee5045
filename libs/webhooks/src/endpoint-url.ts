import { isIP } from 'node:net';
import { hostOf, isPublicAddress } from './address-guard.js';

export interface UrlRules {
  /** For development and tests: private addresses, http and any port. */
  readonly allowPrivate: boolean;
}

const MAX_LENGTH = 2048;
/** Names that lead home, or nowhere, by definition; all others are judged by where they lead. */
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|localdomain|home\.arpa|onion|invalid)\.?$/;

/** What is wrong with an endpoint's URL, or null. Where its name leads is looked at when connecting. */
export function endpointUrlFault(text: string, { allowPrivate }: UrlRules): string | null {
  if (text.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`;
  const url = URL.parse(text);
  if (!url) return 'is no URL';
  if (url.username !== '' || url.password !== '')
    return 'holds a user name or password: every delivery is signed, check the signature instead';
  if (url.hash !== '') return 'has a fragment, which is never sent';
  if (allowPrivate) {
    return url.protocol === 'https:' || url.protocol === 'http:' ? null : 'is not http or https';
  }
  if (url.protocol !== 'https:') return 'is not https';
  if (url.port !== '') return 'names a port: only 443 is called';
  const host = hostOf(url);
  if (isIP(host) ? !isPublicAddress(host) : LOCAL_NAMES.test(host) || !host.includes('.'))
    return 'does not lead to the public internet';
  return null;
}
