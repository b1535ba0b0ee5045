import type { RouteSpec } from '../routes.js';
import * as audit from './audit.js';
import { ACCESS, LIST, SERVING } from './refusals.js';

export const AUDIT_ROUTES = {
  listAudit: {
    method: 'GET',
    path: '/v1/audit',
    tag: 'Audit',
    summary: 'Who did what to what, newest first',
    auth: 'session',
    query: audit.AuditQuery,
    success: { status: 200, schema: audit.AuditList, description: 'A page of entries.' },
    problems: LIST,
  },
  exportAudit: {
    method: 'GET',
    path: '/v1/audit/export',
    tag: 'Audit',
    summary: 'The entries of a time as one file, oldest first',
    description: `A line each, as JSON (\`format=ndjson\`) or CSV. At most ${audit.AUDIT_EXPORT_MAX} entries; more are refused: narrow \`from\` and \`to\`.`,
    auth: 'session',
    query: audit.AuditExportQuery,
    success: { status: 200, description: 'The entries, `application/x-ndjson` or `text/csv`.' },
    problems: LIST,
  },
  verifyAudit: {
    method: 'GET',
    path: '/v1/audit/verify',
    tag: 'Audit',
    summary: 'Recompute the chain of hashes',
    description: 'An entry that was changed, taken out or put in shows, and everything after it.',
    auth: 'session',
    success: {
      status: 200,
      schema: audit.AuditVerification,
      description: 'Whether it holds, and where it breaks.',
    },
    problems: [...ACCESS, ...SERVING],
  },
} as const satisfies Record<string, RouteSpec>;
