import type { Database, Tx } from '#database';
import { loggedRequest, loggedResponse } from './attempt-log.js';
import type { AttemptJob } from './attempt-queue.js';
import { TEST_EVENT } from './event-notes.js';
import { healthAfter, type EndpointHealth } from './endpoint-health.js';
import type { Outcome, OutgoingRequest } from './outgoing-request.js';
import { PATIENT } from './patience.js';
import { retryAfterMs } from './retry-schedule.js';
import { signatures } from './signature.js';

/** Milliseconds that an attempt is one process's own: longer than an exchange can last. */
const CLAIM_MS = 60_000;
const HOUR_MS = 3_600_000;

interface AttemptsParts {
  readonly database: Database;
  readonly send: (request: OutgoingRequest) => Promise<Outcome>;
  /** The sealed secret of an endpoint, in the clear. */
  readonly openSecret: (sealed: string, endpoint: { tenantId: string; id: string }) => string;
  /** An endpoint was switched off for its failures: in the transaction that does it. */
  readonly onDisabled: (tx: Tx, endpoint: DisabledEndpoint) => Promise<void>;
  readonly now: () => number;
  /** 0 ≤ random < 1 */
  readonly random: () => number;
}

export interface DisabledEndpoint {
  readonly tenantId: string;
  readonly id: string;
  readonly url: string;
  readonly reason: string;
  readonly failingSince: Date;
  readonly failures: number;
}

type Claimed = NonNullable<Awaited<ReturnType<Attempts['claim']>>>;

/** Makes attempts: claims, sends, records. Each delivery's success is recorded, and counted, once. */
export class Attempts {
  constructor(private readonly parts: AttemptsParts) {}

  /** Rejects when it could not be recorded: then it is to be made again, with the same id. */
  async make(job: AttemptJob): Promise<void> {
    const claimed = await this.claim(job);
    if (!claimed) return;
    const started = this.parts.now();
    const request = this.requestFor(claimed, started);
    const outcome = await this.parts.send(request);
    await this.record(job, claimed, request, outcome, started);
  }

  /** null: somebody else makes it or made it, or it is not to be made. */
  private async claim({ deliveryId, round, attempts }: AttemptJob) {
    const now = new Date(this.parts.now());
    return this.parts.database.asSystem(async (tx) => {
      const where = { id: deliveryId, status: 'pending', round, attempts } as const;
      const { count } = await tx.webhookDelivery.updateMany({
        where: {
          ...where,
          nextAttemptAt: { lte: now },
          OR: [{ claimedUntil: null }, { claimedUntil: { lte: now } }],
        },
        data: { claimedUntil: new Date(now.getTime() + CLAIM_MS) },
      });
      if (count === 0) {
        // Too early (the queue's clock is another one): it comes again by being handed over again.
        await tx.webhookDelivery.updateMany({
          where: { ...where, nextAttemptAt: { gt: now } },
          data: { handedAt: null },
        });
        return null;
      }
      const found = await tx.webhookDelivery.findUniqueOrThrow({
        where: { id: deliveryId },
        include: { endpoint: true, event: true },
      });
      const { endpoint } = found;
      if (endpoint.enabled && endpoint.deletedAt === null) return found;
      await tx.webhookDelivery.update({
        where: { id: deliveryId },
        data:
          endpoint.deletedAt === null
            ? { handedAt: null, claimedUntil: null }
            : { status: 'dead', finishedAt: now, lastError: 'the endpoint was deleted' },
      });
      return null;
    }, PATIENT);
  }

  private requestFor({ endpoint, event }: Claimed, now: number): OutgoingRequest {
    const { previousSecret, previousSecretUntil } = endpoint;
    const sealed = [endpoint.secret];
    if (previousSecret !== null && previousSecretUntil && previousSecretUntil.getTime() > now)
      sealed.push(previousSecret);
    const secrets = sealed.map((secret) => this.parts.openSecret(secret, endpoint));
    const seconds = Math.floor(now / 1000);
    return {
      url: endpoint.url,
      body: event.body,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Holdline-Webhooks/1',
        'webhook-id': event.id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatures(secrets, event.id, seconds, event.body),
      },
    };
  }

  private async record(
    job: AttemptJob,
    claimed: Claimed,
    request: OutgoingRequest,
    outcome: Outcome,
    started: number,
  ): Promise<void> {
    const now = this.parts.now();
    const succeeded = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
    const number = job.attempts + 1;
    const waitMs = succeeded ? null : retryAfterMs(number, this.parts.random());
    const error = succeeded ? null : faultOf(outcome);
    await this.parts.database.asSystem(async (tx) => {
      const { count } = await tx.webhookDelivery.updateMany({
        where: { id: job.deliveryId, status: 'pending', round: job.round, attempts: job.attempts },
        data: {
          attempts: number,
          status: succeeded ? 'delivered' : waitMs === null ? 'dead' : 'pending',
          nextAttemptAt: waitMs === null ? null : new Date(now + waitMs),
          finishedAt: succeeded || waitMs === null ? new Date(now) : null,
          handedAt: null,
          claimedUntil: null,
          lastStatus: outcome.status,
          lastError: error,
        },
      });
      // Recorded already, by somebody who took longer than its claim lasted.
      if (count === 0) return;
      await tx.webhookAttempt.create({
        data: {
          deliveryId: job.deliveryId,
          tenantId: claimed.tenantId,
          round: job.round,
          number,
          at: new Date(started),
          durationMs: Math.max(0, now - started),
          request: { ...loggedRequest(request) },
          status: outcome.status,
          error,
          ...(outcome.status === null ? {} : { response: { ...loggedResponse(outcome) } }),
        },
      });
      if (succeeded) await this.count(tx, claimed, now);
      await this.keepHealth(tx, claimed, succeeded, outcome.status, now);
    }, PATIENT);
  }

  /** A delivery costs once, when it first succeeds by itself; what somebody sends again costs nothing. */
  private async count(tx: Tx, { id, round, metered, event }: Claimed, now: number): Promise<void> {
    if (round > 0 || metered || event.type === TEST_EVENT) return;
    await tx.webhookDelivery.update({ where: { id }, data: { metered: true } });
    const hour = new Date(now - (now % HOUR_MS));
    await tx.$executeRaw`
      INSERT INTO usage_hour AS u (tenant_id, app_id, key_id, meter, hour, units)
      VALUES (${event.tenantId}, ${event.appId ?? ''}, '', 'webhook_deliveries', ${hour}, 1)
      ON CONFLICT (tenant_id, meter, hour, app_id, key_id) DO UPDATE SET units = u.units + 1`;
  }

  private async keepHealth(
    tx: Tx,
    { tenantId, endpointId, event }: Claimed,
    succeeded: boolean,
    status: number | null,
    now: number,
  ): Promise<void> {
    // A trial says nothing about the endpoint's life.
    if (event.type === TEST_EVENT && !succeeded) return;
    const [endpoint] = await tx.$queryRaw<(EndpointHealth & { id: string; url: string })[]>`
      SELECT id, url, enabled, consecutive_failures AS failures, failing_since AS "failingSince"
      FROM webhook_endpoint WHERE id = ${endpointId} FOR UPDATE`;
    if (!endpoint) return;
    const { data, disabled } = healthAfter(endpoint, { succeeded, status, now });
    await tx.webhookEndpoint.update({ where: { id: endpointId }, data });
    if (disabled) {
      const { id, url } = endpoint;
      await this.parts.onDisabled(tx, { tenantId, id, url, ...disabled });
    }
  }
}

function faultOf({ status, error }: Outcome): string {
  if (status === null) return (error ?? 'no answer').slice(0, 300);
  if (status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  return `answered ${status}`;
}
