import { z } from 'zod';
import type { RouteSpec } from '../routes.js';
import { SERVING } from './refusals.js';

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
  link: z
    .literal('true')
    .transform(() => true)
    .optional()
    .meta({ description: 'Adds the identity to the account that is signed in.' }),
});
export type OidcQuery = z.output<typeof OidcQuery>;

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
      'Sets the session cookie. What went wrong is told by the page that the browser is led to.',
    auth: 'none',
    success: { status: 302, headers: LOCATION, description: 'To the dashboard.' },
    problems: SERVING,
  },
} as const satisfies Record<string, RouteSpec>;
