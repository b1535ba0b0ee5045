/** What both servers share: configuration, log, problem answers, health, metrics, docs, drain. */
export { announceReady } from './announce.js';
export { brokenRequest, refuseConnection } from './broken-request.js';
export { clientAddress, plainAddress } from './client-address.js';
export {
  ConfigError,
  describeConfig,
  loadConfig,
  type Config,
  type DeclaredOperator,
  type OidcConfig,
  type StripeConfig,
} from './config.js';
export { errorMarkdown } from './error-docs.js';
export { installProblems, sendProblem, toProblem } from './fastify-problems.js';
export { readiness, type HealthCheck } from './health.js';
export { guardHttp2, HTTP2_LIMITS } from './http2-sessions.js';
export {
  internalRequester,
  type InternalAnswer,
  type InternalRequest,
  type InternalRequester,
} from './internal-request.js';
export { createLogger, type Logger } from './logger.js';
export { openapiDocument } from './openapi.js';
export { registerServicePages, type ServicePages } from './service-pages.js';
export { drainOnSignal, failStart } from './shutdown.js';
