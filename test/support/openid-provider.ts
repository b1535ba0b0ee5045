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
