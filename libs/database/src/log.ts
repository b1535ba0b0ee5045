/** What this lib needs of a logger; pino's has it. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}
