import { createHash } from 'node:crypto';

/** What an entry's hash is made over. */
interface ChainedContent {
  readonly tenantId: string;
  readonly seq: bigint;
  readonly at: Date;
  readonly actor: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Stands before a tenant's first entry. */
export const NO_HASH = '0'.repeat(64);

/** SHA-256 without a secret: whoever has an export can recompute it (the contract says how). */
export function entryHash(previous: string, content: ChainedContent): string {
  const { tenantId, seq, at, actor, ip, userAgent, action, target, before, after } = content;
  const told = canonical([
    tenantId,
    Number(seq),
    at.toISOString(),
    actor,
    ip,
    userAgent,
    action,
    target,
    before ?? null,
    after ?? null,
  ]);
  return createHash('sha256').update(`${previous}\n${told}`).digest('hex');
}

/** JSON with sorted keys: the database keeps an object's content, not its order. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join()}}`;
}
