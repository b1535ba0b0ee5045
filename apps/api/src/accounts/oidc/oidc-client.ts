import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '#contracts';
import type { Logger } from '#platform';
import * as oidc from 'openid-client';
import { LOG } from '../../data/log.js';
import { Settings } from '../../settings.js';

/** What has to be known again when the browser comes back. */
export interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** In lower case; null: it told none that it has verified. */
  readonly email: string | null;
}

/** Seconds that the provider may take. */
const TIMEOUT_S = 10;

/**
 * The organisation's own sign-in: OpenID Connect's authorization code flow with PKCE, state and nonce. The
 * library checks the ID token's signature, issuer, audience and times.
 */
@Injectable()
export class OidcClient {
  private found: Promise<oidc.Configuration> | null = null;

  constructor(
    @Inject(Settings) private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** @throws Problem not_found when none is set up; unavailable when it cannot be reached */
  async begin(): Promise<{ url: string; begun: Begun }> {
    const configuration = await this.configuration();
    const begun = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: 'openid email',
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, begun };
  }

  /**
   * Who came back.
   * @param query as the browser brought it
   * @throws Problem unauthenticated for whatever is wrong with it
   */
  async finish(query: string, { state, nonce, verifier }: Begun): Promise<Identity> {
    const configuration = await this.configuration();
    let claims: oidc.IDToken | undefined;
    try {
      const tokens = await oidc.authorizationCodeGrant(
        configuration,
        new URL(`${this.redirectUri}?${query}`),
        {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        },
      );
      claims = tokens.claims();
    } catch (error) {
      this.log.info({ err: error }, 'a sign-in through the OpenID provider was not taken');
      throw notTaken(error);
    }
    if (!claims) throw notTaken(null);
    const { iss, sub, email, email_verified: isVerified } = claims;
    return {
      issuer: iss,
      subject: sub,
      email: typeof email === 'string' && isVerified === true ? email.trim().toLowerCase() : null,
    };
  }

  private get redirectUri(): string {
    return `${this.settings.apiUrl}/v1/login/oidc/callback`;
  }

  /** Asked of the provider once; again after it could not be reached. */
  private configuration(): Promise<oidc.Configuration> {
    const { oidc: provider } = this.settings;
    if (provider === null) {
      throw new Problem(
        'not_found',
        'No other sign-in is set up here. Sign in with your password, or set OIDC_ISSUER.',
      );
    }
    this.found ??= discover(provider).catch((error: unknown) => {
      this.found = null;
      this.log.warn(
        { err: error, issuer: provider.issuer },
        'the OpenID provider cannot be reached; look at OIDC_ISSUER. Passwords sign in as ever.',
      );
      throw new Problem(
        'unavailable',
        `${provider.name} cannot be reached now. Try again shortly, or sign in with your password.`,
        { retryAfter: 5 },
        error,
      );
    });
    return this.found;
  }
}

async function discover(provider: NonNullable<Settings['oidc']>): Promise<oidc.Configuration> {
  const issuer = new URL(provider.issuer);
  return oidc.discovery(issuer, provider.clientId, provider.clientSecret, undefined, {
    timeout: TIMEOUT_S,
    // On this machine, for development and tests; the start refuses any other without TLS.
    ...(issuer.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}),
  });
}

function notTaken(cause: unknown): Problem {
  return new Problem(
    'unauthenticated',
    'This sign-in was not taken: it was cancelled, took too long, or was begun in another browser. Begin anew.',
    {},
    cause,
  );
}
