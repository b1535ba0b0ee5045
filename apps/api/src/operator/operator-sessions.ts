import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '#access';
import { Database } from '#database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../data/clock.js';
import { Settings } from '../settings.js';

const LIFE_MS = 12 * 3_600_000;

export interface OperatorActor {
  readonly kind: 'operator';
  readonly id: string;
  readonly email: string;
}

/**
 * Signed-in operators. Their cookie is signed rather than kept: `<id>.<end>.<mac>`. The password's hash is
 * part of what is signed, so that a new password ends every session made with the old one.
 */
@Injectable()
export class OperatorSessions {
  private readonly key: Buffer;
  private readonly cookie: string;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(Secrets) secrets: Secrets,
  ) {
    this.key = secrets.derive('session');
    this.cookie = settings.secure ? '__Host-holdline_operator' : 'holdline_operator';
  }

  async find(request: FastifyRequest): Promise<OperatorActor | null> {
    const [, id, end, mac] =
      /^(opr_\w{1,40})\.(\d{13})\.([0-9a-f]{64})$/.exec(request.cookies[this.cookie] ?? '') ?? [];
    if (!id || !end || !mac || Number(end) <= this.clock.now()) return null;
    const operator = await this.database.asSystem((tx) =>
      tx.operator.findUnique({ where: { id } }),
    );
    if (!operator) return null;
    const expected = Buffer.from(this.sign(id, end, operator.passwordHash), 'hex');
    if (!timingSafeEqual(expected, Buffer.from(mac, 'hex'))) return null;
    return { kind: 'operator', id, email: operator.email };
  }

  begin(reply: FastifyReply, operator: { id: string; passwordHash: string }): void {
    const end = String(this.clock.now() + LIFE_MS);
    const value = `${operator.id}.${end}.${this.sign(operator.id, end, operator.passwordHash)}`;
    reply.setCookie(this.cookie, value, { ...this.attributes(), maxAge: LIFE_MS / 1000 });
  }

  /** The browser forgets its cookie. */
  end(reply: FastifyReply): void {
    reply.clearCookie(this.cookie, this.attributes());
  }

  private attributes() {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.settings.secure } as const;
  }

  private sign(id: string, end: string, passwordHash: string): string {
    const password = createHash('sha256').update(passwordHash).digest('hex');
    return createHmac('sha256', this.key).update(`operator:${id}:${end}:${password}`).digest('hex');
  }
}
