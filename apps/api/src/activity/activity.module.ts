import { Module } from '@nestjs/common';
import { ActivityCollector } from './activity-collector.js';
import { ActivityController } from './activity.controller.js';
import { ActivityService } from './activity.service.js';
import { ActivityStore } from './activity-store.js';

@Module({
  controllers: [ActivityController],
  providers: [ActivityService, ActivityStore, ActivityCollector],
})
export class ActivityModule {}
