/**
 * The catalogue of refusals (RFC 9457). One entry gives the status, the title, whether a retry can
 * help, and what to do about it; the server's answers, docs/errors and the SDK's errors come from it.
 * A code is part of the contract: it is never renamed and its status never changes.
 */
interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  /** True when the same request can succeed later without being changed. */
  readonly retryable: boolean;
  /** What the reader can do next; shown in the docs and in the SDK's errors. */
  readonly remedy: string;
}

export const PROBLEMS = {
  invalid_request: {
    status: 400,
    title: 'The request cannot be understood',
    retryable: false,
    remedy:
      'Compare the request with the OpenAPI document at /openapi.json; `detail` names the part.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of yours',
    retryable: false,
    remedy:
      'Send a cursor exactly as an earlier answer of the same app gave it, or none to start anew (see `from`).',
  },
  key_in_url: {
    status: 400,
    title: 'An API key was sent in the URL',
    retryable: false,
    remedy:
      'URLs end up in logs. Send the key as `Authorization: Bearer <key>`, and rotate this one: it may have been recorded.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid credential',
    retryable: false,
    remedy: 'Send an API key or a client token as `Authorization: Bearer <credential>`.',
  },
  second_factor_required: {
    status: 401,
    title: 'A code is needed to sign in',
    retryable: false,
    remedy:
      'The password is right and two-step sign-in is on: send the same again with `code`, of the authenticator app or a recovery code.',
  },
  token_expired: {
    status: 401,
    title: 'The token has expired',
    retryable: false,
    remedy: 'Get a new token from your server (POST /v1/tokens) and go on with the same cursor.',
  },
  revoked: {
    status: 401,
    title: 'The credential was revoked',
    retryable: false,
    remedy: 'This key, token, client or app was revoked on the control plane. Use another one.',
  },
  forbidden: {
    status: 403,
    title: 'The credential may not do this',
    retryable: false,
    remedy: 'Use a key or token whose capabilities include the one that `detail` names.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    retryable: false,
    remedy:
      'Check the path and the id. What belongs to another tenant looks the same as what does not exist.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This path does not take that method',
    retryable: false,
    remedy: 'The `Allow` header lists the methods it takes.',
  },
  request_timeout: {
    status: 408,
    title: 'The request did not arrive in time',
    retryable: true,
    remedy: 'Send it again, faster or smaller: headers have 15 s, the whole request 30 s.',
  },
  conflict: {
    status: 409,
    title: 'It exists already, or is in use',
    retryable: false,
    remedy: 'Choose another name, or change the existing one.',
  },
  position_conflict: {
    status: 409,
    title: 'The channel has moved on',
    retryable: false,
    remedy:
      'Read the channel up to its last position, decide again, and publish with that position.',
  },
  message_too_large: {
    status: 413,
    title: 'Too large',
    retryable: false,
    remedy: 'Send less at once, or store the bulk elsewhere and publish a reference.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'This kind of body is not taken here',
    retryable: false,
    remedy: 'Send `Content-Type: application/json`, uncompressed, in UTF-8.',
  },
  invalid_message: {
    status: 422,
    title: 'The message is not valid',
    retryable: false,
    remedy:
      '`detail` names the field. A message is an object with `data` and, if wanted, name, id, headers, ttl, ifPosition.',
  },
  upgrade_required: {
    status: 426,
    title: 'This address is a WebSocket',
    retryable: false,
    remedy: 'Connect with a WebSocket client, or use GET /v1/messages over plain HTTP.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many at once',
    retryable: true,
    remedy:
      'Wait as long as `Retry-After` says; `limit` tells which limit it was and how full it is.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    retryable: false,
    remedy:
      'The request line and headers have 16 kB together. Long channel lists and cursors go into the body of POST /v1/poll.',
  },
  quota_exceeded: {
    status: 402,
    title: 'The quota is used up',
    retryable: false,
    remedy: '`limit` tells which quota and when it starts anew; a larger plan raises it.',
  },
  spend_cap_reached: {
    status: 402,
    title: 'The budget is used up',
    retryable: false,
    remedy: 'Raise the budget on the billing page, or wait for the next period.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    retryable: true,
    remedy: 'Try again with the same `id`; if it stays, tell us the `requestId`.',
  },
  unavailable: {
    status: 503,
    title: 'Not able to serve this now',
    retryable: true,
    remedy: 'Try again after `Retry-After`. A publish may be repeated safely with the same `id`.',
  },
  draining: {
    status: 503,
    title: 'This server is shutting down',
    retryable: true,
    remedy:
      'Try again at once: another server, or this one after its restart, goes on from your cursor.',
  },
  no_reply: {
    status: 504,
    title: 'Nobody replied in time',
    retryable: true,
    remedy: 'Ask again with a longer wait, or check that a reader is subscribed.',
  },
  storage_full: {
    status: 507,
    title: 'The message log has no room',
    retryable: true,
    remedy: 'Nothing was stored. The operator has to free disk space or move HOLDLINE_DATA_DIR.',
  },
} as const satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Which limit refused, how full it is, and until when (RFC 3339; null: it is not one that time resets). */
export interface LimitFacts {
  name: string;
  scope: string;
  max: number;
  used: number;
  resetAt: string | null;
}

export interface ProblemExtras {
  limit?: LimitFacts;
  /** Seconds; becomes the Retry-After header. */
  retryAfter?: number;
  /** The missing right, with `forbidden`. */
  capability?: { operation: string; channel: string };
  /** The channel's last position, with `position_conflict`. */
  position?: number;
  /** Every fault of a body, each with a JSON pointer. */
  errors?: readonly { pointer: string; message: string }[];
}

/** The body of a refusal. */
export interface ProblemDocument extends Omit<ProblemExtras, 'retryAfter'> {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  requestId?: string;
}

/**
 * A refusal on its way out. `detail` is public and says what happened; a `cause` is for the log only
 * and never reaches the wire.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'Problem';
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** @param docs where the documentation is served, without a slash at its end. */
  toDocument(docs: string, requestId?: string): ProblemDocument {
    const { retryAfter: _header, ...extras } = this.extras;
    return {
      type: `${docs}/errors/${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(requestId === undefined ? {} : { requestId }),
      ...extras,
    };
  }
}
