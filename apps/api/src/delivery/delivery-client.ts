import { Problem, PROBLEMS, type ProblemDocument } from '#contracts';
import type { Secrets } from '#access';
import type { InternalRequester } from '#platform';
import type { z } from 'zod';

/** Milliseconds: a person waits for the answer. */
const TIMEOUT_MS = 5_000;
/** Shorter: somebody looks at a page that asks again and again. */
const HEALTH_TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** What the control plane asks delivery: what is live there and nowhere in the database. */
export class DeliveryClient {
  private readonly bearer: string;

  /** @param url of delivery, without a slash at its end. */
  constructor(
    private readonly url: string,
    private readonly request: InternalRequester,
    secrets: Secrets,
  ) {
    this.bearer = secrets.derive('internal').toString('hex');
  }

  /**
   * @param path under `/internal/`; `query` values that are undefined are left out.
   * @throws Problem what delivery refused with, or `unavailable` when it cannot be reached.
   */
  get<T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) parameters.set(name, String(value));
    return this.ask({ url: `${this.url}${path}?${parameters}` }, schema);
  }

  /** As `get`, with a JSON body. Delivery may have done what was asked even when this throws `unavailable`. */
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    return this.ask({ method: 'POST', url: this.url + path, body }, schema);
  }

  /** Whether delivery can serve now; null: it can, else what a person should read. Asks its /readyz. */
  async fault(): Promise<string | null> {
    const { bearer } = this;
    try {
      const { status } = await this.request({
        url: `${this.url}/readyz`,
        bearer,
        timeoutMs: HEALTH_TIMEOUT_MS,
        maxBytes: 64 * 1024,
      });
      return status === 200 ? null : 'It says that it is not ready; its /readyz says why.';
    } catch (error) {
      return `It cannot be reached (${(error as Error).message}).`;
    }
  }

  private async ask<T>(
    what: { method?: 'POST'; url: string; body?: unknown },
    schema: z.ZodType<T>,
  ): Promise<T> {
    let fault: unknown;
    try {
      const { bearer } = this;
      const { status, body } = await this.request({
        ...what,
        bearer,
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
      });
      if (status === 200) return schema.parse(body);
      fault = refusal(body) ?? new Error(`delivery answered ${status}`);
    } catch (error) {
      fault = error;
    }
    throw fault instanceof Problem ? fault : away(fault);
  }
}

/** 404 is what delivery says to a stranger: its secret is another, or its version; never the caller's fault. */
function refusal(body: unknown): Problem | null {
  const { code, detail, limit, errors } = (body ?? {}) as Partial<ProblemDocument>;
  if (code === undefined || !Object.hasOwn(PROBLEMS, code) || code === 'not_found') return null;
  return new Problem(code, detail ?? PROBLEMS[code].title, {
    ...(limit && { limit }),
    ...(errors && { errors }),
  });
}

function away(cause: unknown): Problem {
  return new Problem(
    'unavailable',
    'The control plane cannot reach the delivery server, which alone knows this. Try again shortly; if it stays, look at its /readyz and at HOLDLINE_DELIVERY_URL.',
    { retryAfter: 2 },
    cause,
  );
}
