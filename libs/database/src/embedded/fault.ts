/** The embedded PostgreSQL cannot be started or used. The message says why and what to do. */
export class EmbeddedPostgresError extends Error {}
