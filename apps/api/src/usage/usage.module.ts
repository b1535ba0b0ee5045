import { Module } from '@nestjs/common';
import { UsageCollector } from './usage-collector.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';
import { UsageStore } from './usage-store.js';

@Module({
  controllers: [UsageController],
  providers: [UsageService, UsageStore, UsageCollector],
  exports: [UsageService],
})
export class UsageModule {}
