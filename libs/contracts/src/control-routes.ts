import * as accounts from './control/accounts.js';
import { ACTIVITY_ROUTES } from './control/activity-routes.js';
import * as apps from './control/apps.js';
import { ListQuery } from './control/common.js';
import * as keys from './control/keys.js';
import * as limits from './control/limits.js';
import { MEMBER_ROUTES } from './control/member-routes.js';
import * as namespaces from './control/namespaces.js';
import { AUDIT_ROUTES } from './control/audit-routes.js';
import { BILLING_ROUTES } from './control/billing-routes.js';
import { CAN_ROUTES } from './control/can-routes.js';
import { CHANNEL_ROUTES } from './control/channel-routes.js';
import { CONSOLE_ROUTES } from './control/console-routes.js';
import { OIDC_ROUTES } from './control/oidc-routes.js';
import { OWN_ACCOUNT_ROUTES } from './control/own-account-routes.js';
import { OPERATOR_ROUTES } from './control/operator-routes.js';
import { OPERATOR_STAFF_ROUTES } from './control/operator-staff-routes.js';
import { ACCESS, LIST, READ, SERVING, SIGN_IN, WRITE } from './control/refusals.js';
import * as revocations from './control/revocations.js';
import { STRIPE_ROUTES } from './control/stripe-routes.js';
import { TRACE_ROUTES } from './control/trace-routes.js';
import { USAGE_ROUTES } from './control/usage-routes.js';
import { WEBHOOK_ROUTES } from './control/webhook-routes.js';
import type { RouteSpec } from './routes.js';

/** The control plane's routes. */
export const CONTROL_ROUTES = {
  signup: {
    method: 'POST',
    path: '/v1/signup',
    tag: 'Accounts',
    summary: 'Sign up: a user, a tenant that it owns, and a first app',
    description: 'Sets the session cookie.',
    auth: 'none',
    body: accounts.SignupBody,
    success: {
      status: 201,
      schema: accounts.SignupAnswer,
      description: 'Signed up and signed in.',
    },
    problems: [...SIGN_IN, 'conflict'],
  },
  login: {
    method: 'POST',
    path: '/v1/login',
    tag: 'Accounts',
    summary: 'Sign in',
    description: 'Sets the session cookie: 12 hours without use, 7 days in all.',
    auth: 'none',
    body: accounts.LoginBody,
    success: { status: 200, schema: accounts.MeAnswer, description: 'Signed in.' },
    problems: [...SIGN_IN, 'unauthenticated', 'second_factor_required'],
  },
  logout: {
    method: 'POST',
    path: '/v1/logout',
    tag: 'Accounts',
    summary: 'Sign out',
    description: 'Ends the session and clears the cookies; harmless without a session.',
    auth: 'none',
    success: { status: 204, description: 'Signed out.' },
    problems: ['key_in_url', 'forbidden', ...SERVING],
  },
  me: {
    method: 'GET',
    path: '/v1/me',
    tag: 'Accounts',
    summary: 'Who acts, and for which tenant',
    auth: 'session',
    success: {
      status: 200,
      schema: accounts.MeAnswer,
      description: 'The user or key, its tenant and role.',
    },
    problems: [...ACCESS, ...SERVING],
  },
  switchTenant: {
    method: 'POST',
    path: '/v1/tenants/{tenant}/switch',
    tag: 'Accounts',
    summary: 'Go on with another of the user’s tenants',
    auth: 'session',
    success: {
      status: 200,
      schema: accounts.MeAnswer,
      description: 'The session now acts for that tenant.',
    },
    problems: READ,
  },
  limits: {
    method: 'GET',
    path: '/v1/limits',
    tag: 'Accounts',
    summary: 'Every limit, and how full it is',
    description:
      'Of limits by app or key the fullest is shown, unless `app` or `key` names one. A narrower one goes before a wider: the plan’s, the tenant’s own, the key’s own.',
    auth: 'session',
    query: limits.LimitsQuery,
    success: { status: 200, schema: limits.LimitsAnswer, description: 'The limits.' },
    problems: [...ACCESS, 'invalid_request', 'not_found', ...SERVING],
  },

  listApps: {
    method: 'GET',
    path: '/v1/apps',
    tag: 'Apps',
    summary: 'List the apps',
    auth: 'session',
    query: ListQuery,
    success: { status: 200, schema: apps.AppList, description: 'A page of apps, oldest first.' },
    problems: LIST,
  },
  createApp: {
    method: 'POST',
    path: '/v1/apps',
    tag: 'Apps',
    summary: 'Make an app',
    auth: 'session',
    body: apps.AppBody,
    success: { status: 201, schema: apps.App, description: 'The app.' },
    problems: [...WRITE, 'quota_exceeded'],
  },
  getApp: {
    method: 'GET',
    path: '/v1/apps/{app}',
    tag: 'Apps',
    summary: 'Show an app',
    auth: 'session',
    success: { status: 200, schema: apps.App, description: 'The app.' },
    problems: READ,
  },
  updateApp: {
    method: 'PATCH',
    path: '/v1/apps/{app}',
    tag: 'Apps',
    summary: 'Change an app’s name, origins or public keys',
    auth: 'session',
    body: apps.AppPatch,
    success: { status: 200, schema: apps.App, description: 'The app as it is now.' },
    problems: WRITE,
  },
  deleteApp: {
    method: 'DELETE',
    path: '/v1/apps/{app}',
    tag: 'Apps',
    summary: 'Revoke an app',
    description:
      'For good: its keys and tokens are refused everywhere within a second, and its held requests end.',
    auth: 'session',
    success: { status: 204, description: 'Revoked.' },
    problems: READ,
  },

  listKeys: {
    method: 'GET',
    path: '/v1/apps/{app}/keys',
    tag: 'Keys',
    summary: 'List an app’s keys, without their secrets',
    auth: 'session',
    query: ListQuery,
    success: {
      status: 200,
      schema: keys.KeyList,
      description: 'A page of keys, oldest first, revoked ones too.',
    },
    problems: LIST,
  },
  createKey: {
    method: 'POST',
    path: '/v1/apps/{app}/keys',
    tag: 'Keys',
    summary: 'Make a key',
    description: 'The answer is the only one that holds the key and its signing secret.',
    auth: 'session',
    body: keys.KeyBody,
    success: { status: 201, schema: keys.CreatedKey, description: 'The key and its two secrets.' },
    problems: [...WRITE, 'quota_exceeded'],
  },
  updateKey: {
    method: 'PATCH',
    path: '/v1/apps/{app}/keys/{key}',
    tag: 'Keys',
    summary: 'Change a key’s name, or the addresses it may be used from',
    description:
      'Requests from elsewhere are refused within a second, with its tokens too; a request that is held already ends by itself. Behind a proxy of your own, `TRUST_PROXY` says whose address counts.',
    auth: 'session',
    body: keys.KeyPatch,
    success: { status: 200, schema: keys.Key, description: 'The key as it is now.' },
    problems: WRITE,
  },
  keyUse: {
    method: 'GET',
    path: '/v1/apps/{app}/keys/{key}/use',
    tag: 'Keys',
    summary: 'Who uses a key',
    description:
      'By address and user agent, the last one first; some seconds behind. To see whether a key that was rotated can be revoked already.',
    auth: 'session',
    success: { status: 200, schema: keys.KeyUse, description: 'The callers of the last 90 days.' },
    problems: READ,
  },
  rotateKey: {
    method: 'POST',
    path: '/v1/apps/{app}/keys/{key}/rotate',
    tag: 'Keys',
    summary: 'Replace a key by a new one with the same rights',
    description:
      'The old key works for `graceSeconds` more (default 0: it is refused at once), then it is refused as `revoked`.',
    auth: 'session',
    body: keys.RotateBody,
    success: {
      status: 201,
      schema: keys.CreatedKey,
      description: 'The new key and its two secrets.',
    },
    problems: [...WRITE, 'conflict'],
  },
  revokeKey: {
    method: 'DELETE',
    path: '/v1/apps/{app}/keys/{key}',
    tag: 'Keys',
    summary: 'Revoke a key',
    description:
      'It and its tokens are refused everywhere within a second, and its held requests end.',
    auth: 'session',
    success: { status: 204, description: 'Revoked.' },
    problems: READ,
  },

  listNamespaces: {
    method: 'GET',
    path: '/v1/apps/{app}/namespaces',
    tag: 'Namespaces',
    summary: 'List an app’s namespaces',
    auth: 'session',
    query: ListQuery,
    success: {
      status: 200,
      schema: namespaces.NamespaceList,
      description: 'A page of namespaces, by name.',
    },
    problems: LIST,
  },
  createNamespace: {
    method: 'POST',
    path: '/v1/apps/{app}/namespaces',
    tag: 'Namespaces',
    summary: 'Set the rules of a namespace that has none yet',
    auth: 'session',
    body: namespaces.NamespaceBody,
    success: { status: 201, schema: namespaces.Namespace, description: 'The namespace.' },
    problems: [...WRITE, 'conflict', 'quota_exceeded'],
  },
  getNamespace: {
    method: 'GET',
    path: '/v1/apps/{app}/namespaces/{namespace}',
    tag: 'Namespaces',
    summary: 'Show a namespace',
    auth: 'session',
    success: { status: 200, schema: namespaces.Namespace, description: 'The namespace.' },
    problems: READ,
  },
  putNamespace: {
    method: 'PUT',
    path: '/v1/apps/{app}/namespaces/{namespace}',
    tag: 'Namespaces',
    summary: 'Set a namespace’s rules, whether it exists or not',
    description: 'A rule that is left out takes its default.',
    auth: 'session',
    body: namespaces.NamespaceRulesBody,
    success: { status: 200, schema: namespaces.Namespace, description: 'The namespace.' },
    problems: [...WRITE, 'quota_exceeded'],
  },
  updateNamespace: {
    method: 'PATCH',
    path: '/v1/apps/{app}/namespaces/{namespace}',
    tag: 'Namespaces',
    summary: 'Change some of a namespace’s rules',
    auth: 'session',
    body: namespaces.NamespacePatch,
    success: {
      status: 200,
      schema: namespaces.Namespace,
      description: 'The namespace as it is now.',
    },
    problems: WRITE,
  },
  deleteNamespace: {
    method: 'DELETE',
    path: '/v1/apps/{app}/namespaces/{namespace}',
    tag: 'Namespaces',
    summary: 'Remove a namespace’s rules',
    description:
      'Its channels take the default rules from now on. Messages that are stored stay as long as they were meant to.',
    auth: 'session',
    success: { status: 204, description: 'Removed.' },
    problems: READ,
  },

  listRevocations: {
    method: 'GET',
    path: '/v1/apps/{app}/revocations',
    tag: 'Revocations',
    summary: 'List the revocations that still refuse something',
    auth: 'session',
    query: ListQuery,
    success: {
      status: 200,
      schema: revocations.RevocationList,
      description: 'A page of revocations.',
    },
    problems: LIST,
  },
  createRevocation: {
    method: 'POST',
    path: '/v1/apps/{app}/revocations',
    tag: 'Revocations',
    summary: 'Refuse a client’s tokens, or one token',
    description:
      'Everywhere within a second, held requests too. A client’s tokens that are issued in a later second are good again: stop issuing them first.',
    auth: 'session',
    body: revocations.RevocationBody,
    success: { status: 201, schema: revocations.Revocation, description: 'The revocation.' },
    problems: [...WRITE, 'quota_exceeded'],
  },

  ...OPERATOR_ROUTES,
  ...OPERATOR_STAFF_ROUTES,
  ...OWN_ACCOUNT_ROUTES,
  ...OIDC_ROUTES,
  ...MEMBER_ROUTES,
  ...CHANNEL_ROUTES,
  ...TRACE_ROUTES,
  ...CONSOLE_ROUTES,
  ...CAN_ROUTES,
  ...USAGE_ROUTES,
  ...ACTIVITY_ROUTES,
  ...BILLING_ROUTES,
  ...STRIPE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...AUDIT_ROUTES,
} as const satisfies Record<string, RouteSpec>;
