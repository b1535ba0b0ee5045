import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '#contracts';
import { Database, isUniqueViolation } from '#database';
import { missing } from '../../http/validation.js';
import { AccountsService } from '../accounts.service.js';
import { OwnAudit } from '../own/own-audit.js';
import type { UserActor } from '../own/user-actor.js';
import type { Identity } from './oidc-client.js';

interface Origin {
  readonly ip: string;
  readonly userAgent: string | null;
}

/**
 * Whose account an identity is. It is never given somebody's account because of the e-mail address alone:
 * whoever signs up with a password has proved no address, and could have taken it before its owner came, to
 * share the account from then on. Who has an account signs in to it and links the identity there.
 */
@Injectable()
export class OidcAccounts {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AccountsService) private readonly accounts: AccountsService,
    @Inject(OwnAudit) private readonly audit: OwnAudit,
  ) {}

  /**
   * The user's id; of somebody new, an account and a tenant are made.
   * @throws Problem conflict where the address has an account; forbidden without a verified address
   */
  async signIn(identity: Identity, origin: Origin): Promise<string> {
    const { issuer, subject, email } = identity;
    const known = await this.find(identity);
    if (known !== null) return known;
    if (email === null) {
      throw new Problem(
        'forbidden',
        'Your organisation told no e-mail address that it has verified, and an account needs one. Ask its administrator.',
      );
    }
    try {
      // In one transaction: an account that lost its identity would let nobody in, and keep the address.
      const { user } = await this.accounts.signUp({ email, password: null }, origin, (tx, userId) =>
        tx.oidcIdentity.create({ data: { issuer, subject, userId } }),
      );
      return user.id;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
      // The same person in another tab may have come first.
      const meanwhile = await this.find(identity);
      if (meanwhile !== null) return meanwhile;
      throw hasAccount();
    }
  }

  /** For who is signed in. @throws Problem conflict when it is linked to another account */
  async link({ issuer, subject }: Identity, user: { id: string } & Origin): Promise<void> {
    const known = await this.find({ issuer, subject });
    if (known === user.id) return;
    if (known !== null) throw linkedElsewhere();
    try {
      await this.database.asSystem(async (tx) => {
        await tx.oidcIdentity.create({ data: { issuer, subject, userId: user.id } });
        await this.audit.record(tx, user, { action: 'identity.linked', after: { issuer } });
      });
    } catch (error) {
      throw isUniqueViolation(error) ? linkedElsewhere() : error;
    }
  }

  /** @throws Problem not_found */
  async unlink(issuer: string, user: UserActor): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const { count } = await tx.oidcIdentity.deleteMany({ where: { issuer, userId: user.id } });
      if (count === 0) throw missing('identity');
      await this.audit.record(tx, user, { action: 'identity.unlinked', before: { issuer } });
    });
  }

  private async find(of: Pick<Identity, 'issuer' | 'subject'>): Promise<string | null> {
    const { issuer, subject } = of;
    const row = await this.database.asSystem((tx) =>
      tx.oidcIdentity.findUnique({ where: { issuer_subject: { issuer, subject } } }),
    );
    return row?.userId ?? null;
  }
}

function hasAccount(): Problem {
  return new Problem(
    'conflict',
    'Your e-mail address has an account here. Sign in to it, then link your organisation’s sign-in under Account.',
  );
}

function linkedElsewhere(): Problem {
  return new Problem('conflict', 'This identity signs in to another account here already.');
}
