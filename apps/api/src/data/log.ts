/** Nest's token for the log: pino's Logger is a type only. */
export const LOG = Symbol('holdline:log');
