import { Problem, type ProblemCode } from '#contracts';
import type { z } from 'zod';

/** A schema's complaints as one refusal: the first in words, all of them with JSON pointers. */
export function schemaProblem(
  code: ProblemCode,
  error: z.ZodError,
  what: string,
  prefix = '',
): Problem {
  const errors = error.issues.slice(0, 20).map((issue) => ({
    pointer: `${prefix}/${issue.path.map((part) => escapePointer(String(part))).join('/')}`.replace(
      /\/$/,
      '',
    ),
    message: issue.message,
  }));
  const first = errors[0];
  const where = first?.pointer ? ` at ${first.pointer}` : '';
  return new Problem(code, `${what}${where}: ${first?.message ?? 'not valid'}.`, { errors });
}

/** Whatever was thrown, as a refusal; what is not one is a fault of ours, and its cause is for the log. */
export function asProblem(error: unknown, detail: string): Problem {
  return error instanceof Problem ? error : new Problem('internal', detail, {}, error);
}

function escapePointer(part: string): string {
  return part.replace(/~/g, '~0').replace(/\//g, '~1');
}
