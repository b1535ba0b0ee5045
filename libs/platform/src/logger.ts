import { pino, type Logger } from 'pino';

export type { Logger };

/** What must never reach a log, wherever it turns up in an object. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'key',
  'token',
  'secret',
  'signingSecret',
  '*.authorization',
  '*.cookie',
  '*.password',
  '*.token',
  '*.secret',
  '*.signingSecret',
  'req.headers.authorization',
  'req.headers.cookie',
];

/** One JSON line an event on standard error, so that standard output stays for people. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      redact: { paths: SECRETS, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
