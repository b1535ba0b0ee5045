import { Problem } from '#contracts';

const apps = new WeakMap<Problem, string>();

/** Whose credential a refusal is about, where its signature or secret proved it: for counting alone, never told. */
export function refusalOf(app: string, problem: Problem): Problem {
  apps.set(problem, app);
  return problem;
}

/** null: nobody's, as far as is proved. */
export function appRefused(error: unknown): string | null {
  return error instanceof Problem ? (apps.get(error) ?? null) : null;
}
