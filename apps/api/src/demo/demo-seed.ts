import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { PlanLimits } from '#contracts';
import { Database, type Tx } from '#database';
import type { Logger } from '#platform';
import { Passwords } from '../accounts/passwords.js';
import { newId } from '../data/ids.js';
import { LOG } from '../data/log.js';
import { KeysService } from '../keys/keys.service.js';
import { Settings } from '../settings.js';
import { readDemo, writeDemo, type Demo } from './demo-file.js';

/** So that a benchmark measures the server and not a quota. */
const NO_LIMITS: PlanLimits = {};

/** The first start makes a tenant to try things with, and `demo.json` says how to get at it. */
@Injectable()
export class DemoSeed {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(Passwords) private readonly passwords: Passwords,
    @Inject(Settings) private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Makes the demo tenant when the database has no tenant at all; otherwise brings demo.json's URLs up to date. */
  async run(): Promise<void> {
    const empty = await this.database.asSystem(async (tx) => (await tx.tenant.count()) === 0);
    if (!empty || !(await this.seed())) await this.refreshUrls();
  }

  /** False when another process was faster. */
  private async seed(): Promise<boolean> {
    const password = randomBytes(12).toString('base64url');
    const operatorPassword = randomBytes(12).toString('base64url');
    const hashes = {
      member: await this.passwords.hash(password),
      operator: await this.passwords.hash(operatorPassword),
    };
    return this.database.asSystem(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('demo', 0))`;
      if ((await tx.tenant.count()) > 0) return false;
      const made = await this.insert(tx, hashes);
      // Before the commit: without the file nobody could ever sign in, without the rows the next start
      // begins anew.
      await writeDemo(this.settings.dataDir, {
        apiUrl: this.settings.apiUrl,
        deliveryUrl: this.settings.deliveryUrl,
        ...made,
        password,
        operator: { email: OPERATOR_EMAIL, password: operatorPassword },
      });
      return true;
    });
  }

  private async insert(
    tx: Tx,
    hashes: { member: string; operator: string },
  ): Promise<Pick<Demo, 'tenantId' | 'appId' | 'apiKey' | 'email'>> {
    const tenantId = newId('ten');
    const appId = newId('app');
    const userId = newId('usr');
    await tx.tenant.create({ data: { id: tenantId, name: 'Demo', limits: NO_LIMITS } });
    await tx.user.create({
      data: { id: userId, email: MEMBER_EMAIL, passwordHash: hashes.member },
    });
    await tx.member.create({ data: { tenantId, userId, role: 'owner' } });
    await tx.app.create({ data: { id: appId, tenantId, name: 'default' } });
    const { key: apiKey } = await this.keys.insert(tx, {
      tenantId,
      appId,
      mode: 'live',
      name: 'demo',
      capabilities: { '*': ['*', 'admin'] },
      allowedIps: [],
      limits: {},
      expiresAt: null,
      createdBy: userId,
      replaces: null,
    });
    // An operator may be there already, where only the tenants were removed.
    await tx.operator.upsert({
      where: { email: OPERATOR_EMAIL },
      create: { id: newId('opr'), email: OPERATOR_EMAIL, passwordHash: hashes.operator },
      update: { passwordHash: hashes.operator },
    });
    return { tenantId, appId, apiKey, email: MEMBER_EMAIL };
  }

  private async refreshUrls(): Promise<void> {
    const { apiUrl, deliveryUrl, dataDir } = this.settings;
    const demo = await readDemo(dataDir);
    if (!demo) {
      this.log.warn(
        'The database has tenants but demo.json is missing or damaged. Sign in with an account you know, or begin anew with an empty data directory and database.',
      );
    } else if (demo.apiUrl !== apiUrl || demo.deliveryUrl !== deliveryUrl) {
      await writeDemo(dataDir, { ...demo, apiUrl, deliveryUrl });
    }
  }
}

const MEMBER_EMAIL = 'demo@holdline.example';
const OPERATOR_EMAIL = 'operator@holdline.example';
