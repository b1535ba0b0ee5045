import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { compile, parseKey, requireAddress, Secrets, secretMatches } from '#access';
import { Capabilities, Problem } from '#contracts';
import { Database } from '#database';
import { plainAddress } from '#platform';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import { Clock } from '../data/clock.js';
import { KeyUseStore } from '../keys/key-use-store.js';
import type { Actor } from './actor.js';

export const KEY_STRATEGY = 'holdline-key';

/** An API key with `admin`, as Bearer or as the user name of Basic. It acts for its tenant as a developer. */
@Injectable()
export class KeyStrategy extends PassportStrategy(Strategy, KEY_STRATEGY) {
  private readonly pepper: Buffer;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(KeyUseStore) private readonly uses: KeyUseStore,
    @Inject(Secrets) secrets: Secrets,
  ) {
    super();
    this.pepper = secrets.derive('pepper');
  }

  /** null when there is no Authorization header: the next strategy looks at the cookie. */
  async validate(request: FastifyRequest): Promise<Actor | null> {
    const header = request.headers.authorization;
    if (header === undefined) return null;
    const credential = credentialIn(header);
    if (isToken(credential)) {
      throw new Problem(
        'forbidden',
        'A client token acts on channels, at the delivery server. The control plane takes a session or an API key with the `admin` capability.',
      );
    }
    const parsed = parseKey(credential);
    if (!parsed)
      throw new Problem(
        'unauthenticated',
        'The API key is malformed: its checksum does not match. Was it mistyped or cut?',
      );
    const key = await this.database.asSystem((tx) =>
      tx.apiKey.findUnique({
        where: { id: parsed.keyId },
        include: { app: { select: { status: true, tenant: { select: { status: true } } } } },
      }),
    );
    if (
      !key ||
      key.mode !== parsed.mode ||
      !secretMatches(this.pepper, parsed.secret, key.secretHash)
    ) {
      throw new Problem(
        'unauthenticated',
        'There is no such API key. Compare it with the list of keys, or make a new one.',
      );
    }
    const ended =
      key.revokedAt !== null ||
      (key.expiresAt !== null && key.expiresAt.getTime() <= this.clock.now());
    if (ended || key.app.status !== 'active' || key.app.tenant.status !== 'active') {
      throw new Problem(
        'revoked',
        'This API key was revoked, or its app or tenant was. Use another one.',
      );
    }
    requireAddress(key.allowedIps, plainAddress(request.ip));
    if (!compile(Capabilities.parse(key.capabilities)).admin) {
      throw new Problem(
        'forbidden',
        'This key lacks the capability `admin` on `*`, which the control plane asks for.',
        {
          capability: { operation: 'admin', channel: '*' },
        },
      );
    }
    const agent = request.headers['user-agent'] ?? '';
    this.uses.note(key, plainAddress(request.ip), agent, this.clock.now());
    return {
      kind: 'key',
      id: key.id,
      email: null,
      appId: key.appId,
      userCreatedAt: null,
      session: null,
      membership: {
        tenantId: key.tenantId,
        tenantStatus: key.app.tenant.status,
        role: 'developer',
      },
    };
  }
}

function credentialIn(header: string): string {
  const [, scheme, rest] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'bearer':
      return rest ?? '';
    case 'basic':
      return (
        Buffer.from(rest ?? '', 'base64')
          .toString('utf8')
          .split(':', 1)[0] ?? ''
      );
    default:
      throw new Problem(
        'unauthenticated',
        'The Authorization header is neither `Bearer <key>` nor HTTP Basic with the key as user name.',
      );
  }
}

function isToken(credential: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(credential);
}
