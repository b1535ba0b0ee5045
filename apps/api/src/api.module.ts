import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Secrets } from '#access';
import { Database } from '#database';
import type { Logger } from '#platform';
import type { AttemptQueue } from '#webhooks';
import { AccountsModule } from './accounts/accounts.module.js';
import { Passwords } from './accounts/passwords.js';
import { Sessions } from './accounts/sessions.js';
import { ActivityModule } from './activity/activity.module.js';
import { AppsModule } from './apps/apps.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuditTrail } from './audit/audit-trail.js';
import { OperatorTrail } from './audit/operator-trail.js';
import { AccessGuard } from './auth/access.guard.js';
import { KeyStrategy } from './auth/key.strategy.js';
import { OperatorStrategy } from './auth/operator.strategy.js';
import { SessionStrategy } from './auth/session.strategy.js';
import { BillingModule } from './billing/billing.module.js';
import { CapabilitiesModule } from './capabilities/capabilities.module.js';
import { ChannelsModule } from './channels/channels.module.js';
import { ConfigFeedModule } from './config-feed/config-feed.module.js';
import { ConsoleModule } from './console/console.module.js';
import { Clock } from './data/clock.js';
import { JobBook } from './data/job-book.js';
import { LOG } from './data/log.js';
import { DeliveryClient } from './delivery/delivery-client.js';
import { DemoSeed } from './demo/demo-seed.js';
import { KeyUseStore } from './keys/key-use-store.js';
import { KeysModule } from './keys/keys.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { MembersModule } from './members/members.module.js';
import { NamespacesModule } from './namespaces/namespaces.module.js';
import { Impersonations } from './operator/impersonations.js';
import { OperatorSessions } from './operator/operator-sessions.js';
import { OperatorModule } from './operator/operator.module.js';
import { RevocationsModule } from './revocations/revocations.module.js';
import { Settings } from './settings.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';
import { StripeModule } from './stripe/stripe.module.js';
import { TracesModule } from './traces/traces.module.js';
import { UsageModule } from './usage/usage.module.js';

export interface ApiParts {
  readonly database: Database;
  readonly secrets: Secrets;
  readonly delivery: DeliveryClient;
  readonly clock: Clock;
  readonly settings: Settings;
  /** Where attempts to send webhooks wait; null: this process sends none. */
  readonly queue: AttemptQueue | null;
  readonly log: Logger;
}

/** What every feature leans on: the parts from outside, and who acts. */
@Global()
@Module({})
class CoreModule {
  static with(parts: ApiParts): DynamicModule {
    const shared = [
      { provide: Database, useValue: parts.database },
      { provide: Secrets, useValue: parts.secrets },
      { provide: DeliveryClient, useValue: parts.delivery },
      { provide: Clock, useValue: parts.clock },
      { provide: Settings, useValue: parts.settings },
      { provide: LOG, useValue: parts.log },
      AuditTrail,
      OperatorTrail,
      JobBook,
      Passwords,
      Sessions,
      OperatorSessions,
      Impersonations,
      KeyUseStore,
    ];
    return {
      module: CoreModule,
      providers: [
        ...shared,
        KeyStrategy,
        SessionStrategy,
        OperatorStrategy,
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: shared.map((provider) =>
        typeof provider === 'function' ? provider : provider.provide,
      ),
    };
  }
}

@Module({})
export class ApiModule {
  static with(parts: ApiParts): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        CoreModule.with(parts),
        AccountsModule,
        AppsModule,
        KeysModule,
        NamespacesModule,
        ChannelsModule,
        TracesModule,
        ConsoleModule,
        CapabilitiesModule,
        MembersModule,
        RevocationsModule,
        OperatorModule,
        AuditModule,
        WebhooksModule.with(parts.queue),
        UsageModule,
        ActivityModule,
        BillingModule,
        ConfigFeedModule,
        StripeModule,
        LimitsModule,
      ],
      providers: [DemoSeed],
    };
  }
}
