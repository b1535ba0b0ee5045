import { Inject, Injectable } from '@nestjs/common';
import { Problem, type Passkey } from '#contracts';
import { Database, isUniqueViolation } from '#database';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { Clock } from '../../data/clock.js';
import { newId } from '../../data/ids.js';
import { missing } from '../../http/validation.js';
import { OwnAudit } from '../own/own-audit.js';
import type { UserActor } from '../own/user-actor.js';
import { Challenges } from './challenges.js';

/** Of one user. */
const MOST = 20;

/** Where the browser is: what it signs holds for this place alone. */
export interface Place {
  readonly origin: string;
  readonly hostname: string;
}

/**
 * Signing in with what a device or a security key holds (WebAuthn Level 3). The device asks for a finger or a
 * PIN, so a passkey stands for both steps.
 */
@Injectable()
export class Passkeys {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(OwnAudit) private readonly audit: OwnAudit,
  ) {}

  async creationOptions(user: UserActor, { hostname }: Place) {
    const known = await this.database.asSystem((tx) =>
      tx.passkey.findMany({ where: { userId: user.id } }),
    );
    return generateRegistrationOptions({
      rpName: 'Holdline',
      rpID: hostname,
      userName: user.email,
      userID: new Uint8Array(Buffer.from(user.id)),
      challenge: bytesOf(this.challenges.make(user.id)),
      attestationType: 'none',
      excludeCredentials: known.map(({ credentialId: id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** @throws Problem invalid_request; conflict when it is known; quota_exceeded */
  async add(user: UserActor, place: Place, name: string, credential: unknown): Promise<Passkey> {
    let signed = '';
    const verified = await verifyRegistrationResponse({
      response: credential as RegistrationResponseJSON,
      expectedChallenge: (challenge) => {
        signed = challenge;
        return this.challenges.isGood(challenge, user.id);
      },
      expectedOrigin: place.origin,
      expectedRPID: place.hostname,
    }).catch((error: unknown) => {
      throw notTaken(error);
    });
    if (!verified.verified || !(await this.challenges.spend(signed))) throw notTaken(null);
    const { id, publicKey, counter, transports = [] } = verified.registrationInfo.credential;
    try {
      return await this.database.asSystem(async (tx) => {
        // Those of one person one after another, so that many at once are no more than there may be.
        await tx.$queryRaw`SELECT 1 FROM "user" WHERE id = ${user.id} FOR UPDATE`;
        if ((await tx.passkey.count({ where: { userId: user.id } })) >= MOST) {
          throw new Problem(
            'quota_exceeded',
            `You have ${MOST} passkeys, as many as there can be. Remove one that you no longer use.`,
          );
        }
        const row = await tx.passkey.create({
          data: {
            ...{ id: newId('pky'), userId: user.id, credentialId: id, name },
            publicKey: new Uint8Array(publicKey),
            counter: BigInt(counter),
            transports: [...transports],
            createdAt: new Date(this.clock.now()),
          },
        });
        await this.audit.record(tx, user, {
          action: 'passkey.added',
          target: row.id,
          after: { name },
        });
        return shownPasskey(row);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new Problem('conflict', 'This passkey is known already.');
    }
  }

  /** @throws Problem not_found, the same for another's and for one that never was */
  async remove(user: UserActor, id: string): Promise<void> {
    await this.database.asSystem(async (tx) => {
      const { count } = await tx.passkey.deleteMany({ where: { id, userId: user.id } });
      if (count === 0) throw missing('passkey');
      await this.audit.record(tx, user, { action: 'passkey.removed', target: id });
    });
  }

  async requestOptions({ hostname }: Place) {
    return generateAuthenticationOptions({
      rpID: hostname,
      challenge: bytesOf(this.challenges.make(null)),
      userVerification: 'required',
    });
  }

  /** Which it is, and whose. @throws Problem unauthenticated, the same for all that can be wrong with it */
  async signIn(place: Place, credential: unknown): Promise<{ id: string; userId: string }> {
    const response = credential as AuthenticationResponseJSON;
    const id = typeof response.id === 'string' ? response.id.slice(0, 2_000) : '';
    const known = await this.database.asSystem((tx) =>
      tx.passkey.findUnique({ where: { credentialId: id } }),
    );
    if (!known) throw unknownPasskey(null);
    let signed = '';
    const verified = await verifyAuthenticationResponse({
      response,
      expectedChallenge: (challenge) => {
        signed = challenge;
        return this.challenges.isGood(challenge, null);
      },
      expectedOrigin: place.origin,
      expectedRPID: place.hostname,
      credential: {
        id,
        publicKey: new Uint8Array(known.publicKey),
        counter: Number(known.counter),
      },
    }).catch((error: unknown) => {
      throw unknownPasskey(error);
    });
    if (!verified.verified || !(await this.challenges.spend(signed))) throw unknownPasskey(null);
    const { count } = await this.database.asSystem((tx) =>
      tx.passkey.updateMany({
        // The counter that was compared with: of a copy and its original that come at once, one is let in.
        where: { id: known.id, counter: known.counter },
        data: {
          counter: BigInt(verified.authenticationInfo.newCounter),
          lastUsedAt: new Date(this.clock.now()),
        },
      }),
    );
    if (count === 0) throw unknownPasskey(null);
    return { id: known.id, userId: known.userId };
  }
}

export function shownPasskey(row: {
  id: string;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}): Passkey {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}

function bytesOf(challenge: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(challenge, 'base64url'));
}

function notTaken(cause: unknown): Problem {
  return new Problem(
    'invalid_request',
    'The browser’s passkey cannot be taken: it was made for another page or too long ago. Begin anew.',
    { errors: [{ pointer: '/credential', message: 'cannot be verified' }] },
    cause,
  );
}

function unknownPasskey(cause: unknown): Problem {
  return new Problem(
    'unauthenticated',
    'This passkey does not sign in here. Sign in with your password, and look under Account which ones do.',
    {},
    cause,
  );
}
