import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Provider } from 'oidc-provider';

export interface OpenidProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whose address the provider has not verified. */
  readonly unverified: Set<string>;
  stop(): Promise<void>;
}

/** A real OpenID Connect provider, where whoever types a name is it: `anna` has the address anna@school.example. */
export async function startOpenidProvider(redirectUri: () => string): Promise<OpenidProvider> {
  const unverified = new Set<string>();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { clientId: 'holdline', clientSecret: 'a secret of sixteen or more' };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri()],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    // Into the ID token: Holdline asks nothing else of the provider.
    conformIdTokenClaims: false,
    cookies: { keys: ['of this run alone'] },
    pkce: { required: () => true },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: `${accountId}@School.example`,
        email_verified: !unverified.has(accountId),
      }),
    }),
  });
  server.on('request', provider.callback());
  return {
    issuer,
    ...client,
    unverified,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const FORMS = [{ prompt: 'login', password: 'any' }, { prompt: 'consent' }] as const;

/**
 * Signs in at the provider as a browser would, beginning where Holdline led it.
 * @returns where the provider sends the browser back to: with a code that it honours once
 */
export async function signInAtProvider(begun: string, name: string): Promise<URL> {
  const issuer = new URL(begun).origin;
  const cookies = new Map<string, string>();
  const visit = async (url: string | URL, form?: Record<string, string>): Promise<URL> => {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(key, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`no way on from ${url}: ${await answer.text()}`);
    return new URL(location, url);
  };
  let at = await visit(begun);
  for (const form of FORMS) {
    const back = await visit(at, { ...form, login: name });
    at = await visit(back);
  }
  if (at.origin === issuer) throw new Error(`the provider did not let go at ${at.href}`);
  return at;
}
