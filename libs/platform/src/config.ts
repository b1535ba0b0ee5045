import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const bytes = z.coerce.number().int().min(0);
const count = z.coerce.number().int().min(1);
const proxies = z
  .string()
  .regex(/^(true|false|\d)$/, 'is not true, false or a number of proxies below 10')
  .transform((value) => (value === 'true' ? 1 : value === 'false' ? 0 : Number(value)));

/** Every environment variable that Holdline reads, said once. The README's table comes from it. */
const Environment = z
  .object({
    API_PORT: port.default(3000).describe('Port of the control plane.'),
    DELIVERY_PORT: port.default(3001).describe('Port of the data plane.'),
    HOST: z.string().min(1).default('127.0.0.1').describe('Address that both listen on.'),
    HOLDLINE_DATA_DIR: z.string().min(1).default('.holdline').describe('Where everything is kept.'),
    HOLDLINE_MASTER_KEY: z
      .string()
      .regex(/^[A-Za-z0-9+/]{43}=$/, 'is not 32 bytes in base64')
      .optional()
      .describe(
        'Base64 of 32 bytes from which every secret is derived; unset: made once and kept in the data directory.',
      ),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'is not a postgres:// URL')
      .optional()
      .describe('A PostgreSQL of your own; unset: the embedded one.'),
    ENGINE: z.enum(['embedded', 'nats']).default('embedded').describe('Where messages are kept.'),
    NATS_URL: z.string().min(1).optional().describe('Servers of the nats engine.'),
    TLS_CERT: z
      .string()
      .min(1)
      .optional()
      .describe('Certificate chain (PEM file); with TLS_KEY: serve HTTPS.'),
    TLS_KEY: z.string().min(1).optional().describe('Private key (PEM file).'),
    TLS_CLIENT_CA: z
      .string()
      .min(1)
      .optional()
      .describe('CA (PEM file) that client certificates must come from.'),
    STRIPE_SECRET_KEY: z.string().min(1).optional().describe('Stripe API key.'),
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Signing secrets of the Stripe webhooks, with commas between: one a destination, and both while one is rotated.',
      ),
    STRIPE_HOST: z
      .string()
      .regex(
        /^(https?:\/\/)?[\w.-]+(:\d+)?$/,
        'is not a host such as 127.0.0.1:12111, or a URL of one',
      )
      .optional()
      .describe(
        'Another host in place of api.stripe.com: a name, with a port or as a URL if need be.',
      ),
    HOLDLINE_CLOCK_FILE: z
      .string()
      .min(1)
      .optional()
      .describe(
        'For demonstrations: a file with milliseconds that the control plane adds to its clock. Taken only with STRIPE_HOST on this machine.',
      ),
    OPERATOR_EMAIL: z
      .email()
      .optional()
      .describe(
        'Who operates the service: made at the start where there is no such operator. Takes OPERATOR_PASSWORD.',
      ),
    OPERATOR_PASSWORD: z
      .string()
      .min(10)
      .max(256)
      .optional()
      .describe(
        'Their password. Where it is not the one that they have it replaces it, and turns their two-step sign-in off: for who is locked out. Take both away afterwards.',
      ),
    OIDC_ISSUER: z
      .url()
      .optional()
      .describe(
        'An OpenID Connect provider through which people sign in too; its redirect URI is /v1/login/oidc/callback of the control plane.',
      ),
    OIDC_CLIENT_ID: z.string().min(1).optional().describe('How the provider knows Holdline.'),
    OIDC_CLIENT_SECRET: z.string().min(1).optional().describe('Its secret there.'),
    OIDC_NAME: z
      .string()
      .min(1)
      .max(40)
      .default('your organisation')
      .describe('What the sign-in page calls the provider.'),
    HOLDLINE_API_URL: z
      .url()
      .optional()
      .describe('Where delivery finds the control plane; unset: API_PORT on HOST.'),
    HOLDLINE_DELIVERY_URL: z
      .url()
      .optional()
      .describe('Where the control plane finds delivery; unset: DELIVERY_PORT on HOST.'),
    PUBLIC_API_URL: z
      .url()
      .optional()
      .describe('Address of the control plane as its users see it (behind a proxy).'),
    PUBLIC_DELIVERY_URL: z
      .url()
      .optional()
      .describe('Address of the data plane as its users see it.'),
    TRUST_PROXY: proxies
      .default(0)
      .describe(
        'Believe X-Forwarded-* and Forwarded: true behind one proxy that sets them, or how many are in a row.',
      ),
    MAX_HOLDS: count
      .default(100_000)
      .describe('Held requests that one delivery process takes at most.'),
    STORAGE_FLOOR_BYTES: bytes
      .default(100 * 1024 * 1024)
      .describe('Free disk space below which publishing is refused (507).'),
    WEBHOOK_ALLOW_PRIVATE: z
      .enum(['true', 'false'])
      .default('false')
      .describe(
        'For development: webhooks may go to private addresses, over http, to any port. Never where tenants are strangers.',
      ),
    LOG_LEVEL: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
      .default('info')
      .describe('How much is logged.'),
  })
  .refine((env) => (env.TLS_CERT === undefined) === (env.TLS_KEY === undefined), {
    path: ['TLS_KEY'],
    message: 'TLS_CERT and TLS_KEY go together',
  })
  .refine((env) => env.TLS_CLIENT_CA === undefined || env.TLS_CERT !== undefined, {
    path: ['TLS_CLIENT_CA'],
    message: 'client certificates need HTTPS: set TLS_CERT and TLS_KEY too',
  })
  .refine(
    (env) => (env.STRIPE_SECRET_KEY === undefined) === (env.STRIPE_WEBHOOK_SECRET === undefined),
    {
      path: ['STRIPE_WEBHOOK_SECRET'],
      message: 'STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together',
    },
  )
  .refine((env) => (env.OPERATOR_EMAIL === undefined) === (env.OPERATOR_PASSWORD === undefined), {
    path: ['OPERATOR_EMAIL'],
    message: 'OPERATOR_EMAIL and OPERATOR_PASSWORD go together',
  })
  .refine(
    ({ OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET }) =>
      new Set([OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET].map((one) => one === undefined))
        .size === 1,
    {
      path: ['OIDC_ISSUER'],
      message: 'OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together',
    },
  )
  .refine(
    (env) => env.OIDC_ISSUER?.startsWith('http:') !== true || isThisMachine(env.OIDC_ISSUER),
    {
      path: ['OIDC_ISSUER'],
      message: 'a provider that is not on this machine is reached over https',
    },
  )
  .refine((env) => env.HOLDLINE_CLOCK_FILE === undefined || isThisMachine(env.STRIPE_HOST), {
    path: ['HOLDLINE_CLOCK_FILE'],
    message:
      'a clock that can be moved bills by made-up dates: it needs a STRIPE_HOST on this machine, such as http://127.0.0.1:12111, which collects from nobody',
  })
  .refine((env) => env.ENGINE !== 'nats', {
    path: ['ENGINE'],
    message: 'the nats engine is not part of this version; use embedded',
  });

export interface Config {
  readonly host: string;
  readonly apiPort: number;
  readonly deliveryPort: number;
  /** Absolute. */
  readonly dataDir: string;
  readonly masterKey: string | null;
  readonly databaseUrl: string | null;
  readonly engine: 'embedded' | 'nats';
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    readonly clientCa: string | null;
  } | null;
  /** Where delivery reaches the control plane. */
  readonly internalApiUrl: string;
  /** It was not named, so it runs beside delivery, with the same certificate. */
  readonly isInternalApiOurs: boolean;
  /** Where the control plane reaches delivery. */
  readonly internalDeliveryUrl: string;
  /** It was not named, so it runs beside the control plane, with the same certificate. */
  readonly isInternalDeliveryOurs: boolean;
  /** As users see them; no slash at the end. */
  readonly apiUrl: string;
  readonly deliveryUrl: string;
  /** Proxies of our own in front, whose headers are believed. */
  readonly proxies: number;
  readonly maxHolds: number;
  readonly storageFloorBytes: number;
  readonly webhookAllowPrivate: boolean;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
  /** null: payments go without Stripe. */
  readonly stripe: StripeConfig | null;
  /** null: nobody signs in through another provider. */
  readonly oidc: OidcConfig | null;
  /** null: the operators are those that there are. */
  readonly operator: DeclaredOperator | null;
  /** null: the world's time. */
  readonly clockFile: string | null;
}

/** Through whom people sign in too. */
export interface DeclaredOperator {
  readonly email: string;
  readonly password: string;
}

export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly name: string;
}

/** How Stripe is reached, and how it proves itself. */
export interface StripeConfig {
  readonly secretKey: string;
  /** Any of them signs what is believed. */
  readonly webhookSecrets: readonly string[];
  /** null: Stripe itself. */
  readonly host: string | null;
}

/** A start that cannot go on because of its environment. The message names each variable, fault and fix. */
export class ConfigError extends Error {}

/**
 * Reads the environment once, at the start. An empty variable counts as unset.
 * @throws ConfigError that lists every fault at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const known = Object.keys(Environment.shape);
  const given = Object.fromEntries(
    known.filter((name) => env[name]).map((name) => [name, env[name]]),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) throw new ConfigError(explain(parsed.error.issues, given));
  const e = parsed.data;
  const scheme = e.TLS_CERT ? 'https' : 'http';
  const shown = e.HOST === '0.0.0.0' || e.HOST === '::' ? '127.0.0.1' : e.HOST;
  const name = shown.includes(':') ? `[${shown}]` : shown;
  const trim = (url: string) => url.replace(/\/+$/, '');
  return Object.freeze({
    host: e.HOST,
    apiPort: e.API_PORT,
    deliveryPort: e.DELIVERY_PORT,
    dataDir: isAbsolute(e.HOLDLINE_DATA_DIR) ? e.HOLDLINE_DATA_DIR : resolve(e.HOLDLINE_DATA_DIR),
    masterKey: e.HOLDLINE_MASTER_KEY ?? null,
    databaseUrl: e.DATABASE_URL ?? null,
    engine: e.ENGINE,
    tls:
      e.TLS_CERT && e.TLS_KEY
        ? { cert: e.TLS_CERT, key: e.TLS_KEY, clientCa: e.TLS_CLIENT_CA ?? null }
        : null,
    internalApiUrl: trim(e.HOLDLINE_API_URL ?? `${scheme}://${name}:${e.API_PORT}`),
    isInternalApiOurs: e.HOLDLINE_API_URL === undefined,
    internalDeliveryUrl: trim(e.HOLDLINE_DELIVERY_URL ?? `${scheme}://${name}:${e.DELIVERY_PORT}`),
    isInternalDeliveryOurs: e.HOLDLINE_DELIVERY_URL === undefined,
    apiUrl: trim(e.PUBLIC_API_URL ?? `${scheme}://${name}:${e.API_PORT}`),
    deliveryUrl: trim(e.PUBLIC_DELIVERY_URL ?? `${scheme}://${name}:${e.DELIVERY_PORT}`),
    proxies: e.TRUST_PROXY,
    maxHolds: e.MAX_HOLDS,
    storageFloorBytes: e.STORAGE_FLOOR_BYTES,
    webhookAllowPrivate: e.WEBHOOK_ALLOW_PRIVATE === 'true',
    logLevel: e.LOG_LEVEL,
    stripe:
      e.STRIPE_SECRET_KEY === undefined || e.STRIPE_WEBHOOK_SECRET === undefined
        ? null
        : {
            secretKey: e.STRIPE_SECRET_KEY,
            webhookSecrets: e.STRIPE_WEBHOOK_SECRET.split(',')
              .map((secret) => secret.trim())
              .filter((secret) => secret !== ''),
            host: e.STRIPE_HOST ?? null,
          },
    oidc:
      e.OIDC_ISSUER === undefined ||
      e.OIDC_CLIENT_ID === undefined ||
      e.OIDC_CLIENT_SECRET === undefined
        ? null
        : {
            issuer: e.OIDC_ISSUER,
            clientId: e.OIDC_CLIENT_ID,
            clientSecret: e.OIDC_CLIENT_SECRET,
            name: e.OIDC_NAME,
          },
    operator:
      e.OPERATOR_EMAIL === undefined || e.OPERATOR_PASSWORD === undefined
        ? null
        : { email: e.OPERATOR_EMAIL.toLowerCase(), password: e.OPERATOR_PASSWORD },
    clockFile: e.HOLDLINE_CLOCK_FILE ?? null,
  });
}

function isThisMachine(host: string | undefined): boolean {
  return /^(https?:\/\/)?(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? '');
}

/** The settings as a table of name, default and meaning, for the README and `--help`. */
export function describeConfig(): readonly { name: string; fallback: string; meaning: string }[] {
  return Object.entries(Environment.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined);
    return {
      name,
      fallback: fallback.success && fallback.data !== undefined ? String(fallback.data) : '(unset)',
      meaning: schema.description ?? '',
    };
  });
}

function explain(
  issues: readonly z.core.$ZodIssue[],
  given: Record<string, string | undefined>,
): string {
  const shape: Record<string, z.ZodType> = Environment.shape;
  const lines = issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    const secret = /KEY|SECRET|PASSWORD|DATABASE_URL/.test(name);
    const value =
      given[name] === undefined
        ? 'is not set'
        : `is ${secret ? 'set' : JSON.stringify(given[name])}`;
    const meaning = shape[name]?.description;
    return `  ${name} ${value}: ${issue.message}. ${meaning ? `(${meaning}) ` : ''}Correct it or leave it out, then start again.`;
  });
  return `Holdline cannot start with this environment:\n${lines.join('\n')}`;
}
