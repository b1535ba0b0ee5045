import { Inject, Injectable } from '@nestjs/common';
import type { OwnAccount } from '#contracts';
import { Database } from '#database';
import { Clock } from '../../data/clock.js';
import { shownPasskey } from '../passkeys/passkeys.js';
import { NO_PASSWORD, Passwords } from '../passwords.js';
import { IDLE_MS } from '../sessions.js';
import { TwoStep } from '../two-step/two-step.js';
import { OwnAudit } from './own-audit.js';
import type { UserActor } from './user-actor.js';

/** A person's own way of signing in. */
@Injectable()
export class OwnAccountService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(TwoStep) private readonly twoStep: TwoStep,
    @Inject(OwnAudit) private readonly audit: OwnAudit,
  ) {}

  show(user: UserActor): Promise<OwnAccount> {
    const now = this.clock.now();
    return this.database.asSystem(async (tx) => {
      const { passwordHash } = await tx.user.findUniqueOrThrow({ where: { id: user.id } });
      const passkeys = await tx.passkey.findMany({
        where: { userId: user.id },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      });
      const identities = await tx.oidcIdentity.findMany({
        where: { userId: user.id },
        orderBy: { createdAt: 'asc' },
      });
      const sessions = await tx.session.findMany({
        where: {
          userId: user.id,
          expiresAt: { gt: new Date(now) },
          // Those that were left alone for longer are over, and go when their cookie is next seen.
          lastSeenAt: { gt: new Date(now - IDLE_MS) },
        },
        orderBy: { lastSeenAt: 'desc' },
        take: 50,
      });
      return {
        email: user.email,
        hasPassword: passwordHash !== NO_PASSWORD,
        twoStep: await this.twoStep.show(tx, user.id),
        passkeys: passkeys.map(shownPasskey),
        identities: identities.map(({ issuer, createdAt }) => ({
          issuer,
          createdAt: createdAt.toISOString(),
        })),
        sessions: sessions.map(({ idHash, createdAt, lastSeenAt, expiresAt, ip, userAgent }) => ({
          current: idHash === user.session,
          createdAt: createdAt.toISOString(),
          lastSeenAt: lastSeenAt.toISOString(),
          expiresAt: expiresAt.toISOString(),
          ip,
          userAgent,
        })),
      };
    });
  }

  /** The other sessions end: whoever knew the old password is out. */
  async changePassword(user: UserActor, newPassword: string): Promise<void> {
    const passwordHash = await this.passwords.hash(newPassword);
    await this.database.asSystem(async (tx) => {
      await tx.user.update({ where: { id: user.id }, data: { passwordHash } });
      await tx.session.deleteMany({
        where: { userId: user.id, idHash: { not: user.session } },
      });
      await this.audit.record(tx, user, { action: 'password.changed' });
    });
  }

  async endOthers(user: UserActor): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const { count } = await tx.session.deleteMany({
        where: { userId: user.id, idHash: { not: user.session } },
      });
      await this.audit.record(tx, user, { action: 'sessions.ended', after: { sessions: count } });
    });
  }
}
