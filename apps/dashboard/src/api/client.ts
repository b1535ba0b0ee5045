import createClient from 'openapi-fetch';
import type { paths } from './generated/control-plane.js';

/** What the control plane refused with: its problem document, or that it could not be asked at all. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    readonly errors: readonly { readonly pointer: string; readonly message: string }[] = [],
    readonly requestId: string | null = null,
  ) {
    super(detail);
    this.name = 'ApiProblem';
  }

  /** What is wrong with one field of the body, by its JSON pointer. */
  faultAt(pointer: string): string | undefined {
    return this.errors.find((error) => error.pointer === pointer)?.message;
  }
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request: Request) => fetch(request),
});

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The answer's data. @throws ApiProblem */
export async function answered<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new ApiProblem(
      0,
      'unreachable',
      'The control plane cannot be reached',
      'No answer came. Look whether this machine is online and Holdline runs; the page tries again by itself.',
    );
  }
  if (answer.response.ok) return answer.data as T;
  throw problemOf(answer.error, answer.response.status);
}

function problemOf(body: unknown, status: number): ApiProblem {
  const { code, title, detail, errors, requestId } = (body ?? {}) as Partial<{
    code: string;
    title: string;
    detail: string;
    errors: { pointer: string; message: string }[];
    requestId: string;
  }>;
  return new ApiProblem(
    status,
    code ?? 'unknown',
    title ?? `The answer was ${status}`,
    detail ?? 'Something between this page and Holdline answered instead of it. Try again shortly.',
    errors,
    requestId ?? null,
  );
}
