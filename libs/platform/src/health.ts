/** One part that a server needs; null: it works, else what is wrong and what to do. */
export type HealthCheck = () => string | null | Promise<string | null>;

export interface Readiness {
  readonly ready: boolean;
  readonly parts: Record<string, { ok: boolean; fault?: string }>;
}

/** Asks every part and says which of them is not able to serve. */
export async function readiness(checks: Record<string, HealthCheck>): Promise<Readiness> {
  const parts: Readiness['parts'] = {};
  await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const fault = await check();
      parts[name] = fault === null ? { ok: true } : { ok: false, fault };
    }),
  );
  return { ready: Object.values(parts).every((part) => part.ok), parts };
}
