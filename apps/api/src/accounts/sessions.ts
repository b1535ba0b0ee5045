import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import { Database } from '#database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditTrail } from '../audit/audit-trail.js';
import { originOf, type Actor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { Settings } from '../settings.js';

/** A session that is not seen for so long is over. */
export const IDLE_MS = 12 * 3_600_000;
const ABSOLUTE_MS = 7 * 24 * 3_600_000;
/** A session's last use is written at most this often: reading a page costs no write. */
const TOUCH_MS = 60_000;

/** Signed-in browsers. The database keeps a hash of the cookie: a copy of the table signs nobody in. */
@Injectable()
export class Sessions {
  private readonly key: Buffer;
  private readonly cookie: string;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Secrets) secrets: Secrets,
  ) {
    this.key = secrets.derive('session');
    // The prefix makes browsers refuse the cookie from a subdomain or without TLS.
    this.cookie = settings.secure ? '__Host-holdline_session' : 'holdline_session';
  }

  /** Who the request's cookie stands for; null when there is none that is still good. */
  async find(request: FastifyRequest): Promise<Actor | null> {
    const idHash = this.hashOf(request);
    if (idHash === null) return null;
    return this.database.asSystem(async (tx) => {
      const session = await tx.session.findUnique({
        where: { idHash },
        include: {
          user: {
            include: { memberships: { include: { tenant: true }, orderBy: { createdAt: 'asc' } } },
          },
        },
      });
      if (!session) return null;
      const now = this.clock.now();
      if (now >= session.expiresAt.getTime() || now - session.lastSeenAt.getTime() >= IDLE_MS) {
        await tx.session.deleteMany({ where: { idHash } });
        return null;
      }
      if (now - session.lastSeenAt.getTime() >= TOUCH_MS) {
        await tx.session.updateMany({
          where: { idHash },
          data: { lastSeenAt: new Date(now), ...from(request) },
        });
      }
      const { user } = session;
      const chosen =
        user.memberships.find(({ tenantId }) => tenantId === session.tenantId) ??
        user.memberships[0];
      return {
        kind: 'user',
        id: user.id,
        email: user.email,
        appId: null,
        userCreatedAt: user.createdAt,
        session: idHash,
        membership: chosen
          ? { tenantId: chosen.tenantId, tenantStatus: chosen.tenant.status, role: chosen.role }
          : null,
      };
    });
  }

  /**
   * Signs in: a new secret each time, so that a cookie planted before is worth nothing after. The browser's
   * former session ends.
   */
  async begin(
    request: FastifyRequest,
    reply: FastifyReply,
    userId: string,
    tenantId: string | null,
    action: 'login.succeeded' | 'session.switched',
    told?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const token = randomBytes(32).toString('base64url');
    const former = this.hashOf(request);
    const now = this.clock.now();
    await this.database.asSystem(async (tx) => {
      await tx.session.deleteMany({
        where: {
          OR: [
            { expiresAt: { lte: new Date(now) } },
            ...(former === null ? [] : [{ idHash: former }]),
          ],
        },
      });
      await tx.session.create({
        data: {
          idHash: this.hash(token),
          userId,
          tenantId,
          createdAt: new Date(now),
          lastSeenAt: new Date(now),
          expiresAt: new Date(now + ABSOLUTE_MS),
          ...from(request),
        },
      });
      if (tenantId === null) return;
      const actor = { tenantId, id: userId, ...originOf(request) };
      await this.audit.record(tx, actor, {
        ...{ action, target: userId },
        ...(told && { after: told }),
      });
    });
    reply.setCookie(this.cookie, token, { ...this.attributes(), maxAge: ABSOLUTE_MS / 1000 });
  }

  async end(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const idHash = this.hashOf(request);
    if (idHash !== null) {
      await this.database.asSystem(async (tx) => {
        const session = await tx.session.findUnique({ where: { idHash } });
        if (!session) return;
        await tx.session.deleteMany({ where: { idHash } });
        const { tenantId, userId } = session;
        if (tenantId === null) return;
        const actor = { tenantId, id: userId, ...originOf(request) };
        await this.audit.record(tx, actor, { action: 'session.ended', target: userId });
      });
    }
    reply.clearCookie(this.cookie, this.attributes());
  }

  private attributes() {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.settings.secure } as const;
  }

  private hashOf(request: FastifyRequest): string | null {
    const token = request.cookies[this.cookie];
    return token !== undefined && /^[\w-]{43}$/.test(token) ? this.hash(token) : null;
  }

  private hash(token: string): string {
    return createHmac('sha256', this.key).update(`session:${token}`).digest('hex');
  }
}

/** What a browser calls itself is as long as it likes. */
const USER_AGENT_CHARS = 300;

function from(request: FastifyRequest): { ip: string; userAgent: string | null } {
  const { ip, userAgent } = originOf(request);
  return { ip, userAgent: userAgent?.slice(0, USER_AGENT_CHARS) ?? null };
}
