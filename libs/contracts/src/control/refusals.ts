import type { ProblemCode } from '../problems.js';

/** What the control plane's routes are refused with, by the kind of route. */
export const ACCESS = [
  'unauthenticated',
  'revoked',
  'forbidden',
  'key_in_url',
] as const satisfies readonly ProblemCode[];
export const BODY = [
  'invalid_request',
  'message_too_large',
  'unsupported_media_type',
] as const satisfies readonly ProblemCode[];
export const SERVING = ['unavailable', 'draining'] as const satisfies readonly ProblemCode[];
export const READ = [...ACCESS, 'not_found', ...SERVING] as const satisfies readonly ProblemCode[];
export const LIST = [
  ...ACCESS,
  'invalid_request',
  'not_found',
  ...SERVING,
] as const satisfies readonly ProblemCode[];
export const WRITE = [
  ...ACCESS,
  ...BODY,
  'not_found',
  ...SERVING,
] as const satisfies readonly ProblemCode[];
export const SIGN_IN = [
  'key_in_url',
  ...BODY,
  'forbidden',
  'rate_limited',
  ...SERVING,
] as const satisfies readonly ProblemCode[];
