import { Module } from '@nestjs/common';
import { KeysController } from './keys.controller.js';
import { KeyUseCollector } from './key-use-collector.js';
import { KeysService } from './keys.service.js';

@Module({
  controllers: [KeysController],
  providers: [KeysService, KeyUseCollector],
  exports: [KeysService],
})
export class KeysModule {}
