import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { internalIdentity, Secrets } from '#access';
import { Database, isUnavailable, queueUrl } from '#database';
import {
  announceReady,
  ConfigError,
  createLogger,
  drainOnSignal,
  failStart,
  internalRequester,
  loadConfig,
  type Config,
  type Logger,
} from '#platform';
import { PgBossQueue } from '#webhooks';
import { createApi, type Api, type ApiOptions } from './api.js';
import { SystemClock } from './data/clock.js';
import { MovedClock } from './data/moved-clock.js';
import { DeliveryClient } from './delivery/delivery-client.js';
import { Settings } from './settings.js';

const DRAIN_MS = 8_000;
/** Beside the built servers. */
const DASHBOARD = fileURLToPath(new URL('../../../dashboard/', import.meta.url));

async function start(config: Config): Promise<void> {
  const log = createLogger('api', config.logLevel);
  if (config.databaseUrl === null) {
    throw new ConfigError(
      'The control plane needs DATABASE_URL when it runs by itself. Set it, or start everything with `npm start`, which brings a PostgreSQL along.',
    );
  }
  const secrets = Secrets.load({ dataDir: config.dataDir, masterKey: config.masterKey });
  const clock =
    config.clockFile === null ? new SystemClock() : new MovedClock(config.clockFile, log);
  const api = await createApi({
    database: new Database({ url: config.databaseUrl, log }),
    secrets,
    delivery: new DeliveryClient(
      config.internalDeliveryUrl,
      internalRequester(config.tls, internalIdentity(secrets), config.isInternalDeliveryOurs),
      secrets,
    ),
    clock,
    settings: new Settings(config),
    queue: new PgBossQueue({
      url: queueUrl(config.databaseUrl),
      now: () => clock.now(),
      fault: (error, what) => log.warn({ err: error }, what),
    }),
    log,
    proxies: config.proxies,
    dashboard: DASHBOARD,
    tls: await readTls(config.tls, secrets),
  });
  await api.app.listen(config.apiPort, config.host);
  drainOnSignal({ drain: () => api.drain(), deadlineMs: DRAIN_MS, log });
  await seedWhenPossible(api, log);
  log.debug({ url: config.apiUrl }, 'the control plane is ready');
  await announceReady();
  api.open();
  api.work();
}

/** Listening already: until the database is there every route says so, and everything begins by itself then. */
async function seedWhenPossible(api: Api, log: Logger): Promise<void> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await api.seed();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      log.warn(
        { err: error },
        'the database is not there yet: check that it runs and that DATABASE_URL is right; trying again',
      );
      await delay(waitMs);
    }
  }
}

async function readTls(tls: Config['tls'], secrets: Secrets): Promise<ApiOptions['tls']> {
  if (!tls) return null;
  return {
    cert: await readPem('TLS_CERT', tls.cert),
    key: await readPem('TLS_KEY', tls.key),
    clientCas:
      tls.clientCa === null
        ? null
        : // Delivery fetches its configuration with the certificate that comes from the master key.
          [await readPem('TLS_CLIENT_CA', tls.clientCa), internalIdentity(secrets).cert],
  };
}

async function readPem(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${variable} names ${path}, which cannot be read (${(error as Error).message}). Correct the path or the file's rights.`,
    );
  }
}

let port = 0;
try {
  const config = loadConfig(process.env);
  port = config.apiPort;
  await start(config);
} catch (error) {
  failStart(error, { variable: 'API_PORT', value: port });
}
