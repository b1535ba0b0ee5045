import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { InternalIdentity } from '#access';

const POLL_MS = 50;
const ANSWER_MS = 1000;

export interface ReadyTarget {
  /** Address that the server was told to listen on. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Shown where clients need a certificate. */
  readonly identity?: InternalIdentity;
}

/**
 * Waits until a server's /readyz says that it can serve: one that listens may still lack its tenants.
 * @returns false when it has not said so after `waitMs`.
 */
export async function untilReady(target: ReadyTarget, waitMs: number): Promise<boolean> {
  const until = performance.now() + waitMs;
  while (!(await isReady(target))) {
    if (performance.now() >= until) return false;
    await delay(POLL_MS);
  }
  return true;
}

function isReady({ host, port, tls, identity }: ReadyTarget): Promise<boolean> {
  const nearby = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const options = { host: nearby, port, path: '/readyz', timeout: ANSWER_MS, agent: false };
  // Our own child on our own machine, and nothing secret is said: its certificate need not be for this name.
  const request = tls
    ? requestHttps({ ...options, ...identity, rejectUnauthorized: false })
    : requestHttp(options);
  return new Promise((resolve) => {
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
    request.end();
  });
}
