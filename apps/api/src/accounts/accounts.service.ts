import { Inject, Injectable } from '@nestjs/common';
import {
  type PlanLimits,
  Problem,
  type App,
  type LoginBody,
  type MeAnswer,
  type SignupBody,
  type Tenant,
  type User,
} from '#contracts';
import { Database, isUniqueViolation, type Tx } from '#database';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../data/clock.js';
import { newId } from '../data/ids.js';
import { shownApp } from '../apps/shown-app.js';
import type { Actor } from '../auth/actor.js';
import { missing } from '../http/validation.js';
import { FailedLogins } from './failed-logins.js';
import { LoginBackoff } from './login-backoff.js';
import type { UserActor } from './own/user-actor.js';
import { NO_PASSWORD, Passwords } from './passwords.js';
import { TwoStep } from './two-step/two-step.js';

/** What a new tenant may do until it has a plan. */
export const FIRST_PLAN: PlanLimits = { holds_key: 10_000 };

interface Origin {
  readonly ip: string;
  readonly userAgent: string | null;
}

@Injectable()
export class AccountsService {
  private readonly backoff: LoginBackoff;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(FailedLogins) private readonly failed: FailedLogins,
    @Inject(TwoStep) private readonly twoStep: TwoStep,
    @Inject(Clock) clock: Clock,
  ) {
    this.backoff = new LoginBackoff(clock);
  }

  /**
   * @param body without a password: who signs in through another provider alone
   * @param also goes in the same transaction: the account is made with it, or not at all
   * @throws Problem conflict when the e-mail address has an account; it takes as long as a success.
   */
  async signUp(
    body: Omit<SignupBody, 'password'> & { readonly password: string | null },
    origin: Origin,
    also?: (tx: Tx, userId: string) => Promise<unknown>,
  ): Promise<{ user: User; tenant: Tenant; app: App }> {
    const { password } = body;
    const passwordHash = password === null ? NO_PASSWORD : await this.passwords.hash(password);
    try {
      return await this.database.asSystem(async (tx) => {
        const user = await tx.user.create({
          data: { id: newId('usr'), email: body.email, passwordHash },
        });
        const tenant = await tx.tenant.create({
          data: { id: newId('ten'), name: body.tenantName ?? body.email, limits: FIRST_PLAN },
        });
        await tx.member.create({ data: { tenantId: tenant.id, userId: user.id, role: 'owner' } });
        const app = await tx.app.create({
          data: { id: newId('app'), tenantId: tenant.id, name: 'default' },
        });
        await also?.(tx, user.id);
        const actor = { tenantId: tenant.id, id: user.id, ...origin };
        await this.audit.record(tx, actor, {
          action: 'tenant.created',
          target: tenant.id,
          after: { name: tenant.name, owner: user.id, email: user.email, appId: app.id },
        });
        return { user: shownUser(user), tenant: shownTenant(tenant), app: shownApp(app) };
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new Problem(
        'conflict',
        'This e-mail address has an account. Sign in, or sign up with another address.',
      );
    }
  }

  /**
   * The user's id and first tenant.
   * @throws Problem unauthenticated, the same for an unknown address and a wrong password; rate_limited
   */
  logIn(body: LoginBody, origin: Origin): Promise<{ userId: string; tenantId: string | null }> {
    return this.backoff.attempt(body.email, origin.ip, async () => {
      const user = await this.database.asSystem((tx) =>
        tx.user.findUnique({
          where: { email: body.email },
          include: { memberships: { orderBy: { createdAt: 'asc' }, take: 1 } },
        }),
      );
      const right = await this.passwords.matches(body.password, user?.passwordHash ?? null);
      const tenantId = user?.memberships[0]?.tenantId ?? null;
      if (right && user) {
        const admits = await this.database.asSystem((tx) =>
          this.twoStep.admits(tx, { id: user.id, ...origin }, body.code),
        );
        if (admits === 'yes') return { userId: user.id, tenantId };
        if (admits === 'asks') throw codeAsked();
      }
      if (user && tenantId) this.failed.note(user.id, { tenantId, ...origin });
      return null;
    });
  }

  /**
   * Before something that makes signing in weaker or different.
   * @throws Problem forbidden when it is not the user's password; rate_limited
   */
  async requirePassword(user: UserActor, password: string): Promise<void> {
    await this.backoff.again(user.email, user.ip, async () => {
      const row = await this.database.asSystem((tx) =>
        tx.user.findUnique({ where: { id: user.id } }),
      );
      if (row?.passwordHash === NO_PASSWORD) throw noPassword();
      return this.passwords.matches(password, row?.passwordHash ?? null);
    });
  }

  /** The tenant that a user begins with; null: a member of none. */
  async firstTenant(userId: string): Promise<string | null> {
    const member = await this.database.asSystem((tx) =>
      tx.member.findFirst({ where: { userId }, orderBy: { createdAt: 'asc' } }),
    );
    return member?.tenantId ?? null;
  }

  /** @throws Problem not_found when the user is no member of that tenant, whether it exists or not. */
  async requireMembership(userId: string, tenantId: string): Promise<void> {
    const member = await this.database.asSystem((tx) =>
      tx.member.findUnique({ where: { tenantId_userId: { tenantId, userId } } }),
    );
    if (!member) throw missing('tenant');
  }

  async describeUser(userId: string, tenantId: string | null): Promise<MeAnswer> {
    const user = await this.database.asSystem((tx) =>
      tx.user.findUnique({
        where: { id: userId },
        include: { memberships: { include: { tenant: true }, orderBy: { createdAt: 'asc' } } },
      }),
    );
    if (!user) throw new Problem('unauthenticated', 'This account is gone. Sign up anew.');
    const tenants = user.memberships.map((member) => ({
      tenant: shownTenant(member.tenant),
      role: member.role,
    }));
    const current = tenants.find(({ tenant }) => tenant.id === tenantId);
    return {
      user: shownUser(user),
      key: null,
      tenant: current?.tenant ?? null,
      role: current?.role ?? null,
      tenants,
      impersonation: null,
    };
  }

  async describe(actor: Actor): Promise<MeAnswer> {
    if (actor.kind === 'user')
      return this.describeUser(actor.id, actor.membership?.tenantId ?? null);
    const { tenantId, role } = actor.membership!;
    const tenant = await this.database.withTenant(tenantId, (tx) =>
      tx.tenant.findUniqueOrThrow({ where: { id: tenantId } }),
    );
    const shown = shownTenant(tenant);
    return {
      user: null,
      key: actor.kind === 'key' ? { id: actor.id, appId: actor.appId! } : null,
      tenant: shown,
      role,
      tenants: [{ tenant: shown, role }],
      impersonation:
        actor.endsAt === undefined
          ? null
          : { operator: actor.email ?? actor.id, endsAt: new Date(actor.endsAt).toISOString() },
    };
  }
}

function noPassword(): Problem {
  return new Problem(
    'forbidden',
    'This account has no password: you sign in through your organisation, and how one signs in is changed there.',
  );
}

export function codeAsked(): Problem {
  return new Problem(
    'second_factor_required',
    'Two-step sign-in is on for this account. Send the code of the authenticator app, or a recovery code, as `code` with the same e-mail address and password.',
  );
}

export function shownTenant(row: {
  id: string;
  name: string;
  status: Tenant['status'];
  createdAt: Date;
}): Tenant {
  return { id: row.id, name: row.name, status: row.status, createdAt: row.createdAt.toISOString() };
}

function shownUser(row: { id: string; email: string; createdAt: Date }): User {
  return { id: row.id, email: row.email, createdAt: row.createdAt.toISOString() };
}
