import { z } from 'zod';
import type { RouteSpec } from '../routes.js';
import { PasswordAgain } from './own-account.js';
import { SERVING, WRITE } from './refusals.js';

export const LoginOptions = z.object({
  oidc: z
    .object({ name: z.string() })
    .nullable()
    .meta({ description: 'An organisation’s own sign-in; null: none is set up.' }),
});
export type LoginOptions = z.output<typeof LoginOptions>;

export const OidcQuery = z.strictObject({
  back: z
    .string()
    .max(500)
    .regex(/^\/(?![/\\])[^\p{Cc}\\]*$/u, 'back is a path below /dashboard')
    .optional()
    .meta({ description: 'The dashboard’s page to go on with.' }),
});
export type OidcQuery = z.output<typeof OidcQuery>;

export const IdentityLink = z.object({
  url: z.string().meta({ description: 'Of the provider: where the browser goes on.' }),
});
export type IdentityLink = z.output<typeof IdentityLink>;

export const IdentityUnlink = PasswordAgain.extend({
  issuer: z.string().min(1).max(500).meta({ description: 'As GET /v1/account says it.' }),
});
export type IdentityUnlink = z.output<typeof IdentityUnlink>;

const LOCATION = [{ name: 'location', description: 'Where the browser goes on.' }] as const;

/** Signing in through an organisation's own provider (OpenID Connect). For browsers. */
export const OIDC_ROUTES = {
  loginOptions: {
    method: 'GET',
    path: '/v1/login/options',
    tag: 'Accounts',
    summary: 'How one can sign in here',
    auth: 'none',
    success: { status: 200, schema: LoginOptions, description: 'Beside password and passkey.' },
    problems: SERVING,
  },
  oidcBegin: {
    method: 'GET',
    path: '/v1/login/oidc',
    tag: 'Accounts',
    summary: 'Sign in through the organisation’s own provider',
    description:
      'Leads the browser there; it comes back to `/v1/login/oidc/callback`. Where none is set up, or it cannot be reached, to the sign-in page, which says so.',
    auth: 'none',
    query: OidcQuery,
    success: {
      status: 302,
      headers: LOCATION,
      description: 'To the provider, or to the sign-in page.',
    },
    problems: ['invalid_request', ...SERVING],
  },
  oidcCallback: {
    method: 'GET',
    path: '/v1/login/oidc/callback',
    tag: 'Accounts',
    summary: 'Where the organisation’s provider sends the browser back to',
    description:
      'Sets the session cookie. What went wrong is told by the page that the browser is led to, which is given the code of the problem as `problem`.',
    auth: 'none',
    success: { status: 302, headers: LOCATION, description: 'To the dashboard.' },
    problems: SERVING,
  },
  linkIdentity: {
    method: 'POST',
    path: '/v1/account/identities/link',
    tag: 'Accounts',
    summary: 'Begin to link the organisation’s own sign-in to one’s account',
    description: 'Good for ten minutes, in this browser and session alone.',
    auth: 'session',
    body: PasswordAgain,
    success: { status: 200, schema: IdentityLink, description: 'Where to go on.' },
    problems: [...WRITE, 'rate_limited'],
  },
  unlinkIdentity: {
    method: 'POST',
    path: '/v1/account/identities/unlink',
    tag: 'Accounts',
    summary: 'Take the organisation’s own sign-in off one’s account',
    auth: 'session',
    body: IdentityUnlink,
    success: { status: 204, description: 'It signs in no more.' },
    problems: [...WRITE, 'rate_limited'],
  },
} as const satisfies Record<string, RouteSpec>;
