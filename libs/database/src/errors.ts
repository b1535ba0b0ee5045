/** PostgreSQL cannot serve now: it is away, restarting, full, or too slow. A later try may succeed. */
export class DatabaseUnavailable extends Error {
  constructor(detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** Prisma's codes for no connection, a lost one, none free in time, and a transaction that ran out of time. */
const PRISMA_UNAVAILABLE = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);

const SOCKET_UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/** SQLSTATE: 08 connection, 53 no resources, 57P operator intervention (shutdown, starting up), 57014 timeout. */
const SQLSTATE_UNAVAILABLE = /^(08...|53...|57P0[1-5]|57014)$/;

/** pg says these without a code. */
const MESSAGES_UNAVAILABLE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|server closed the connection/i;

/** True when a unique index refused the write: the thing exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return causes(error).some(
    (e) => e.code === 'P2002' || e.code === '23505' || e.originalCode === '23505',
  );
}

/** True when PostgreSQL could not be asked, as opposed to having refused what was asked. */
export function isUnavailable(error: unknown): boolean {
  return causes(error).some(
    (e) =>
      e instanceof DatabaseUnavailable ||
      [e.code, e.originalCode].some(
        (code) =>
          typeof code === 'string' &&
          (PRISMA_UNAVAILABLE.has(code) ||
            SOCKET_UNAVAILABLE.has(code) ||
            SQLSTATE_UNAVAILABLE.test(code)),
      ) ||
      (typeof e.kind === 'string' && DRIVER_KINDS_UNAVAILABLE.has(e.kind)) ||
      (typeof e.message === 'string' && MESSAGES_UNAVAILABLE.test(e.message)),
  );
}

/** Kinds that Prisma's driver adapters give to errors of the connection. */
const DRIVER_KINDS_UNAVAILABLE = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);

interface Fault {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly kind?: unknown;
  readonly message?: unknown;
}

/** The error and what it was caused by, however the layers in between wrapped it. */
function causes(error: unknown): Fault[] {
  const found: Fault[] = [];
  const open: unknown[] = [error];
  while (open.length > 0 && found.length < 20) {
    const next = open.shift();
    if (typeof next !== 'object' || next === null || found.includes(next)) continue;
    found.push(next);
    const { cause, errors, meta } = next as { cause?: unknown; errors?: unknown; meta?: unknown };
    open.push(cause);
    if (Array.isArray(errors)) open.push(...(errors as unknown[]));
    if (typeof meta === 'object' && meta !== null) {
      open.push((meta as { driverAdapterError?: unknown }).driverAdapterError);
    }
  }
  return found;
}
