import { Prisma } from '#database';

/** Bytes of what is told of a thing before or after, at most: the log is kept for ever. */
const MAX_BYTES = 16 * 1024;

const SECRET = /secret|password|passwd|cookie|authorization|hash$|^(api)?key$|^token$/i;

type Facts = Record<string, unknown>;

/**
 * What may stand in the log for ever: no secrets, whoever put them in, nothing too large, and only what
 * PostgreSQL can store (no NUL, no half characters).
 */
function toldFacts(facts: Readonly<Facts> | undefined): Facts | null {
  if (facts === undefined) return null;
  const told = cleaned(JSON.parse(JSON.stringify(facts, bigintsAsText))) as Facts;
  const bytes = Buffer.byteLength(JSON.stringify(told));
  return bytes <= MAX_BYTES ? told : { omitted: `${bytes} bytes` };
}

/** What both logs keep of who did what, at the lengths that they take. */
export function toldEntry(
  at: number,
  actor: {
    readonly id: string;
    readonly ip?: string | null;
    readonly userAgent?: string | null;
  },
  fact: {
    readonly action: string;
    readonly target: string;
    readonly before?: Readonly<Facts>;
    readonly after?: Readonly<Facts>;
  },
) {
  return {
    at: new Date(at),
    actor: toldText(actor.id, 100),
    ip: actor.ip == null ? null : toldText(actor.ip, 64),
    userAgent: actor.userAgent == null ? null : toldText(actor.userAgent, 300),
    action: fact.action,
    target: toldText(fact.target, 300),
    before: toldFacts(fact.before),
    after: toldFacts(fact.after),
  };
}

/** As the database takes them: nothing is NULL there, and not JSON's null. */
export function storedFacts({ before, after }: { before: Facts | null; after: Facts | null }) {
  const stored = (facts: Facts | null) =>
    facts === null ? Prisma.DbNull : (facts as Prisma.InputJsonObject);
  return { before: stored(before), after: stored(after) };
}

function toldText(text: string, max: number): string {
  return text.replaceAll('\0', '\u{fffd}').slice(0, max).toWellFormed();
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return toldText(value, MAX_BYTES);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      toldText(name, 200),
      SECRET.test(name) && member !== null ? '[redacted]' : cleaned(member),
    ]),
  );
}

function bigintsAsText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
