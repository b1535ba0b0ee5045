import { describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { PROBLEMS, type ProblemCode } from '#contracts';
import { errorMarkdown, errorPage } from './error-docs.js';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

describe('the catalogue of refusals', () => {
  test('docs/errors has one page for each code, as the catalogue says it (npm run docs writes them)', () => {
    expect(readdirSync('docs/errors').sort()).toEqual(CODES.map((code) => `${code}.md`).sort());
    for (const code of CODES)
      expect(readFileSync(`docs/errors/${code}.md`, 'utf8')).toBe(errorMarkdown(code));
  });

  // The contract: a code is never renamed and its status never changes.
  test('codes and statuses are those of the protocol', () => {
    const statuses = Object.fromEntries(CODES.map((code) => [code, PROBLEMS[code].status]));
    expect(statuses).toMatchObject({
      invalid_request: 400,
      invalid_cursor: 400,
      key_in_url: 400,
      unauthenticated: 401,
      token_expired: 401,
      revoked: 401,
      forbidden: 403,
      not_found: 404,
      request_timeout: 408,
      position_conflict: 409,
      message_too_large: 413,
      unsupported_media_type: 415,
      invalid_message: 422,
      upgrade_required: 426,
      rate_limited: 429,
      headers_too_large: 431,
      quota_exceeded: 402,
      spend_cap_reached: 402,
      unavailable: 503,
      draining: 503,
      no_reply: 504,
      storage_full: 507,
    });
  });

  test('a page explains the code in HTML that holds no raw markup', () => {
    for (const code of CODES) expect(errorPage(code)).toMatch(/<h1><code>/);
  });
});
