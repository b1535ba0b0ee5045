import { Module } from '@nestjs/common';
import { LimitEventFeed } from './limit-event-feed.js';
import { LimitsController } from './limits.controller.js';
import { LimitsService } from './limits.service.js';

@Module({
  controllers: [LimitsController],
  providers: [LimitsService, LimitEventFeed],
  exports: [LimitsService],
})
export class LimitsModule {}
