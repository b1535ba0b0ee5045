import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Secrets } from '#access';
import { Database } from '#database';
import type { Logger } from '#platform';
import { Clock } from '../data/clock.js';
import { LOG } from '../data/log.js';
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
      inject: [Database, Secrets, Clock, LOG],
      useFactory: (database: Database, secrets: Secrets, clock: Clock, log: Logger) =>
        new ConfigFeed(
          {
            load: (since) => loadConfigRows(database, secrets, since, clock.now()),
            onChange: (listener) => database.onConfigChange(listener),
          },
          log,
          () => clock.now(),
        ),
    },
  ],
})
export class ConfigFeedModule {}
