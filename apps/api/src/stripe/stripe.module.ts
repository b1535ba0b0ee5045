import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { StripeController } from './stripe.controller.js';
import { StripeService } from './stripe.service.js';

@Module({
  imports: [BillingModule],
  controllers: [StripeController],
  providers: [StripeService],
  exports: [StripeService],
})
export class StripeModule {}
