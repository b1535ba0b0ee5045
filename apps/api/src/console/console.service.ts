import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { issueToken, Secrets } from '#access';
import { Capabilities, Problem, roleMay, type ConsoleToken } from '#contracts';
import { Database, type Tx } from '#database';
import { requireApp } from '../apps/apps.service.js';
import type { TenantActor } from '../auth/actor.js';
import { Clock } from '../data/clock.js';
import { signingSecretContext } from '../keys/key-secrets.js';
import { Settings } from '../settings.js';

/** Seconds. The console asks for another before it ends; who loses their role loses the console soon after. */
const LIFE_SECONDS = 900;

type KeyRow = Awaited<ReturnType<Tx['apiKey']['findMany']>>[number];

/** Lets a member look into channels from the dashboard without ever seeing an API key. */
@Injectable()
export class ConsoleService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Settings) private readonly settings: Settings,
  ) {}

  /** @throws Problem not_found; forbidden to operators; conflict when the app has no key that works */
  async token(actor: TenantActor, appId: string): Promise<ConsoleToken> {
    // What a tenant's users say to each other is not ours to read, whatever the reason for looking.
    if (actor.kind === 'operator') {
      throw new Problem(
        'forbidden',
        'The platform’s staff see how a tenant is set up and what it uses, never its messages.',
      );
    }
    const key = await this.database.withTenant(actor.tenantId, async (tx) => {
      await requireApp(tx, appId);
      const now = new Date(this.clock.now());
      const working = await tx.apiKey.findMany({
        where: { appId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      });
      return widest(working);
    });
    if (!key) {
      throw new Problem(
        'conflict',
        'The console signs in with a key of the app, and this app has none that works. Make one under Keys.',
      );
    }
    const mayPublish = roleMay(actor.role, 'develop');
    const clientId = `console:${actor.id}`;
    const signingSecret = this.secrets.open(
      key.signingSecret,
      signingSecretContext(actor.tenantId, key.id),
    );
    const issued = await issueToken({
      key: { id: key.id, appId, signingSecret, expiresAt: key.expiresAt?.getTime() ?? null },
      clientId,
      ttl: LIFE_SECONDS,
      capabilities: {
        '*': mayPublish
          ? ['publish', 'subscribe', 'history', 'presence']
          : ['subscribe', 'history', 'presence'],
      },
      now: this.clock.now(),
      id: randomUUID(),
    });
    return { ...issued, deliveryUrl: this.settings.deliveryUrl, clientId, mayPublish };
  }
}

/** One that may do everything everywhere and from anywhere goes before one that is narrower. */
function widest(keys: readonly KeyRow[]): KeyRow | null {
  const width = (key: KeyRow) => {
    const everywhere = Capabilities.parse(key.capabilities)['*'] ?? [];
    const operations = everywhere.includes('*') ? 4 : everywhere.length;
    return operations * 2 + (key.allowedIps.length === 0 ? 1 : 0) + (key.expiresAt ? 0 : 0.5);
  };
  return keys.reduce<KeyRow | null>(
    (best, key) => (best === null || width(key) > width(best) ? key : best),
    null,
  );
}
