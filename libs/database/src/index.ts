export { Database } from './database.js';
export type { DatabaseHealth, DatabaseOptions, Tx, TxOptions } from './database.js';
export type { ConfigChange } from './config-listener.js';
export { EmbeddedPostgres, EmbeddedPostgresError } from './embedded/embedded-postgres.js';
export { DatabaseUnavailable, isUnavailable, isUniqueViolation } from './errors.js';
export type { Log } from './log.js';
export { migrate, MigrationError } from './migrate.js';
export type { MigrateOptions } from './migrate.js';
export { queueUrl } from './roles.js';
export {
  AppStatus,
  KeyMode,
  MemberRole,
  Prisma,
  Publishers,
  RevocationKind,
  TenantStatus,
} from './generated/client.js';
export type {
  ApiKey,
  App,
  AuditEntry as AuditEntryRow,
  Budget,
  Coupon,
  CreditGrant,
  Invoice,
  InvoiceLine,
  LedgerAccountKind,
  Member,
  Namespace,
  Operator,
  OperatorEntry as OperatorEntryRow,
  Plan,
  Revocation,
  Session,
  StripeCustomer,
  StripeHour,
  SpendLevel,
  SpendState,
  Subscription,
  SubscriptionSegment,
  SubscriptionState,
  Tenant,
  User,
  WebhookAttempt,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookEvent as WebhookEventRow,
} from './generated/client.js';
