import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Secrets } from '#access';
import { Database } from '#database';
import type { Logger } from '#platform';
import { Clock } from '../data/clock.js';
import { LOG } from '../data/log.js';
import { Settings } from '../settings.js';
import { ConfigFeed } from './config-feed.js';
import { ConfigFeedController } from './config-feed.controller.js';
import { loadConfigRows } from './config-rows.js';
import { ToldInterceptor } from './told.interceptor.js';

@Module({
  controllers: [ConfigFeedController],
  providers: [
    { provide: APP_INTERCEPTOR, useClass: ToldInterceptor },
    {
      provide: ConfigFeed,
      inject: [Database, Secrets, Clock, Settings, LOG],
      useFactory: (
        database: Database,
        secrets: Secrets,
        clock: Clock,
        settings: Settings,
        log: Logger,
      ) =>
        new ConfigFeed(
          {
            load: (since) =>
              loadConfigRows(
                database,
                secrets,
                since,
                clock.now(),
                new URL(settings.apiUrl).origin,
              ),
            onChange: (listener) => database.onConfigChange(listener),
          },
          log,
          () => clock.now(),
        ),
    },
  ],
  exports: [ConfigFeed],
})
export class ConfigFeedModule {}
