/** The wire: schemas, names, problem catalogue, limits. Imports zod only. */
export * from './activity-feed.js';
export * from './capabilities.js';
export * from './channels.js';
export * from './control-routes.js';
export * from './control/accounts.js';
export * from './control/activity.js';
export * from './control/apps.js';
export * from './control/audit.js';
export * from './control/billing.js';
export * from './control/can.js';
export * from './control/common.js';
export * from './control/console.js';
export * from './control/keys.js';
export * from './control/limits.js';
export * from './control/live-channels.js';
export * from './control/live-clients.js';
export * from './control/live-groups.js';
export * from './control/members.js';
export * from './control/namespaces.js';
export * from './control/operator.js';
export * from './control/operator-staff.js';
export {
  IdentityUnlink,
  OidcQuery,
  type IdentityLink,
  type LoginOptions,
} from './control/oidc-routes.js';
export * from './control/own-account.js';
export * from './control/pricing.js';
export * from './control/revocations.js';
export * from './control/webhooks.js';
export * from './currencies.js';
export * from './data-plane-events.js';
export * from './control/trace.js';
export type { StripeDifference } from './control/stripe-routes.js';
export * from './control/usage.js';
export * from './delivery-health.js';
export * from './delivery-routes.js';
export * from './direct.js';
export * from './group-routes.js';
export * from './groups.js';
export * from './filters.js';
export * from './header-specs.js';
export * from './headers.js';
export * from './key-use-feed.js';
export * from './limit-catalogue.js';
export * from './limit-headers.js';
export * from './limits-feed.js';
export * from './limits.js';
export * from './messages.js';
export * from './meters.js';
export * from './plan-limits.js';
export * from './presence-routes.js';
export * from './presence.js';
export * from './problem-body.js';
export * from './problems.js';
export * from './receive.js';
export * from './reserved.js';
export { roleMay, ROLES, type Need } from './roles.js';
export * from './routes.js';
export * from './snapshot.js';
export * from './socket.js';
export * from './spend.js';
export * from './usage-feed.js';
export * from './webhook-events.js';
