import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '#contracts';
import { Database } from '#database';
import type { Actor } from '../../auth/actor.js';
import { AccountsService } from '../accounts.service.js';
import { OwnAudit } from '../own/own-audit.js';
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
    // Nobody knows this password, so it signs nobody in.
    const password = randomBytes(32).toString('base64url');
    const { user } = await this.accounts
      .signUp({ email, password }, origin, (tx, userId) =>
        tx.oidcIdentity.create({ data: { issuer, subject, userId } }),
      )
      .catch((error: unknown) => {
        throw error instanceof Problem && error.code === 'conflict' ? hasAccount(email) : error;
      });
    return user.id;
  }

  /** For who is signed in. @throws Problem conflict when it is linked to another account */
  async link({ issuer, subject }: Identity, user: Actor, origin: Origin): Promise<void> {
    const known = await this.find({ issuer, subject });
    if (known === user.id) return;
    if (known !== null) {
      throw new Problem('conflict', 'This identity signs in to another account here already.');
    }
    await this.database.asSystem(async (tx) => {
      await tx.oidcIdentity.create({ data: { issuer, subject, userId: user.id } });
      await this.audit.record(
        tx,
        { id: user.id, ...origin },
        { action: 'identity.linked', after: { issuer } },
      );
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

function hasAccount(email: string): Problem {
  return new Problem(
    'conflict',
    `${email} has an account with a password. Sign in with it, then link your organisation’s sign-in under Account.`,
  );
}
