import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import type { Impersonation } from '#contracts';
import { Database, type Tx } from '#database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { shownTenant } from '../accounts/accounts.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Actor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { Settings } from '../settings.js';
import type { OperatorOrigin } from './current-operator.js';
import { OperatorSessions } from './operator-sessions.js';
import { requireTenant } from './operator.service.js';

/** Milliseconds that an operator may look at a tenant before saying again why. */
const LOOK_MS = 30 * 60_000;

interface Look {
  readonly operatorId: string;
  readonly tenantId: string;
  readonly endsAt: number;
}

/**
 * Operators who look at a tenant's dashboard as it does. The cookie is signed rather than kept,
 * `<operator>.<tenant>.<end>.<mac>`, and worth nothing without that operator's own: signing out there, or a
 * new password, ends it too. It makes a viewer, so that nothing can be changed by it.
 */
@Injectable()
export class Impersonations {
  private readonly key: Buffer;
  private readonly cookie: string;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(OperatorSessions) private readonly operators: OperatorSessions,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Secrets) secrets: Secrets,
  ) {
    this.key = secrets.derive('session');
    this.cookie = settings.secure ? '__Host-holdline_look' : 'holdline_look';
  }

  /** Who the request acts as; null: it looks at no tenant. */
  async find(request: FastifyRequest): Promise<Actor | null> {
    const look = this.read(request);
    if (look === null) return null;
    const operator = await this.operators.find(request);
    if (operator?.id !== look.operatorId) return null;
    const tenant = await this.database.asSystem((tx) =>
      tx.tenant.findUnique({ where: { id: look.tenantId } }),
    );
    if (!tenant) return null;
    return {
      kind: 'operator',
      id: operator.id,
      email: operator.email,
      appId: null,
      userCreatedAt: null,
      session: null,
      endsAt: look.endsAt,
      membership: { tenantId: tenant.id, tenantStatus: tenant.status, role: 'viewer' },
    };
  }

  /** What the cookie says, when it was signed here and is not over. */
  read(request: FastifyRequest): Look | null {
    const [, operatorId, tenantId, end, mac] =
      /^(opr_\w{1,40})\.(ten_\w{1,40})\.(\d{13})\.([0-9a-f]{64})$/.exec(
        request.cookies[this.cookie] ?? '',
      ) ?? [];
    if (!operatorId || !tenantId || !end || !mac || Number(end) <= this.clock.now()) return null;
    const expected = Buffer.from(this.sign(operatorId, tenantId, end), 'hex');
    if (!timingSafeEqual(expected, Buffer.from(mac, 'hex'))) return null;
    return { operatorId, tenantId, endsAt: Number(end) };
  }

  /**
   * Whoever looked at another tenant before looks there no more, and that one is told so.
   * @throws Problem not_found
   */
  async begin(
    exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    operator: OperatorOrigin,
    tenantId: string,
    reason: string,
  ): Promise<Impersonation> {
    const { request, reply } = exchange;
    const before = this.read(request);
    const endsAt = this.clock.now() + LOOK_MS;
    const until = new Date(endsAt).toISOString();
    const tenant = await this.database.asSystem(async (tx) => {
      const found = await requireTenant(tx, tenantId);
      if (before?.operatorId === operator.id) await this.recordEnd(tx, operator, before);
      await this.audit.record(
        tx,
        { ...operator, tenantId },
        { action: 'impersonation.began', target: tenantId, after: { reason, endsAt: until } },
      );
      return found;
    });
    const end = String(endsAt);
    const value = `${operator.id}.${tenantId}.${end}.${this.sign(operator.id, tenantId, end)}`;
    reply.setCookie(this.cookie, value, { ...this.attributes(), maxAge: LOOK_MS / 1000 });
    return { tenant: shownTenant(tenant), endsAt: until };
  }

  /** The browser forgets the cookie first: that much is done even while the database is away. */
  async end(request: FastifyRequest, reply: FastifyReply, operator: OperatorOrigin): Promise<void> {
    this.forget(reply);
    const look = this.read(request);
    if (look?.operatorId !== operator.id) return;
    await this.database.asSystem((tx) => this.recordEnd(tx, operator, look));
  }

  forget(reply: FastifyReply): void {
    reply.clearCookie(this.cookie, this.attributes());
  }

  private recordEnd(tx: Tx, operator: OperatorOrigin, { tenantId }: Look): Promise<void> {
    return this.audit.record(
      tx,
      { ...operator, tenantId },
      { action: 'impersonation.ended', target: tenantId },
    );
  }

  private attributes() {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.settings.secure } as const;
  }

  private sign(operatorId: string, tenantId: string, end: string): string {
    const said = `look:${operatorId}:${tenantId}:${end}`;
    return createHmac('sha256', this.key).update(said).digest('hex');
  }
}
