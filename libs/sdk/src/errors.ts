import { PROBLEMS } from '../../contracts/src/problems.js';
import type { LimitFacts, ProblemCode, ProblemDocument } from '../../contracts/src/problems.js';

/** What can go wrong on this side of the wire. Like the server's catalogue, a code never changes. */
const LOCAL = {
  network: {
    retryable: true,
    remedy:
      'Check the connection and the `url`. A publish may be repeated safely with the same `id`.',
  },
  timeout: {
    retryable: true,
    remedy: 'Try again; a publish may be repeated safely with the same `id`.',
  },
  bad_answer: {
    retryable: false,
    remedy: 'Check that `url` leads to Holdline, and what a proxy on the way answers.',
  },
  authorize_failed: {
    retryable: true,
    remedy: 'See what your `authorize` function threw, and what your own server answered to it.',
  },
  closed: {
    retryable: false,
    remedy: 'Make a new Holdline to go on.',
  },
  undecryptable: {
    retryable: false,
    remedy:
      'Listen for `undecryptable` on the channel. An unknown key has to be among its `keys`; anything else was not sent by somebody who has them.',
  },
  invalid_use: {
    retryable: false,
    remedy: 'See docs/sdk.md for what this call takes.',
  },
} as const;

export type LocalCode = keyof typeof LOCAL;
export type ErrorCode = ProblemCode | LocalCode;

/** What else is known about a failure. */
export interface ErrorFacts {
  readonly status?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly limit?: LimitFacts | undefined;
  readonly capability?: { readonly operation: string; readonly channel: string } | undefined;
  readonly position?: number | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** Everything the SDK throws or reports. `message` says what happened and what to do next. */
export class HoldlineError extends Error {
  override readonly name = 'HoldlineError';
  /** Stable: switch on this. */
  readonly code: ErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** True when the same call can succeed later without being changed. */
  readonly retryable: boolean;
  /** Quote this to support. */
  readonly requestId: string | undefined;
  readonly remedy: string;
  readonly detail: string;
  readonly retryAfterMs: number | undefined;
  /** Which limit refused, how full it is, and until when. */
  readonly limit: LimitFacts | undefined;
  /** The missing right, with `forbidden`. */
  readonly capability: { readonly operation: string; readonly channel: string } | undefined;
  /** The channel's last position, with `position_conflict`. */
  readonly position: number | undefined;
  /** The ids of the messages of a publish that failed: repeat it with these and nothing is doubled. */
  readonly ids: readonly string[] | undefined;

  constructor(code: ErrorCode, detail: string, facts: ErrorFacts = {}) {
    const entry = code in LOCAL ? LOCAL[code as LocalCode] : PROBLEMS[code as ProblemCode];
    super(`${detail} ${entry.remedy}`, 'cause' in facts ? { cause: facts.cause } : undefined);
    this.code = code;
    this.detail = detail;
    this.remedy = entry.remedy;
    this.status = facts.status ?? ('status' in entry ? entry.status : 0);
    this.retryable = facts.retryable ?? entry.retryable;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.limit = facts.limit;
    this.capability = facts.capability;
    this.position = facts.position;
    this.ids = facts.ids;
  }

  /** The same error, naming the messages it was about. */
  about(ids: readonly string[]): HoldlineError {
    return new HoldlineError(this.code, this.detail, { ...this, ids, cause: this.cause });
  }
}

/** A status that means "not now" even when something other than Holdline says it. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The error for a refusal: the server's own problem document, or whatever stood in its place. */
export function refusal(
  status: number,
  body: unknown,
  requestId: string | undefined,
  retryAfterMs: number | undefined,
): HoldlineError {
  const problem = body as Partial<ProblemDocument> | null | undefined;
  const code = problem?.code;
  if (typeof code === 'string' && Object.hasOwn(PROBLEMS, code)) {
    return new HoldlineError(code, problem?.detail ?? PROBLEMS[code].title, {
      status,
      retryAfterMs,
      requestId: problem?.requestId ?? requestId,
      limit: problem?.limit,
      capability: problem?.capability,
      position: problem?.position,
    });
  }
  return new HoldlineError(
    'bad_answer',
    `The answer had status ${status} and was not Holdline's.`,
    {
      status,
      retryAfterMs,
      requestId,
      retryable: TRANSIENT.has(status),
    },
  );
}

export function asHoldlineError(error: unknown): HoldlineError {
  if (error instanceof HoldlineError) return error;
  return new HoldlineError('network', 'The request did not get through.', { cause: error });
}
