import { Body, Controller, Headers, Inject, Query } from '@nestjs/common';
import { CONTROL_ROUTES, ListQuery, type Page, type StripeDifference } from '#contracts';
import { Route } from '../http/route.js';
import { StripeService } from './stripe.service.js';

@Controller()
export class StripeController {
  constructor(@Inject(StripeService) private readonly stripe: StripeService) {}

  /** The body comes as the bytes that were signed (http/fastify.ts). */
  @Route(CONTROL_ROUTES.stripeWebhook)
  async webhook(
    @Body() body: unknown,
    @Headers('stripe-signature') signature: string | undefined,
  ): Promise<{ received: true }> {
    await this.stripe.take(body, signature);
    return { received: true };
  }

  @Route(CONTROL_ROUTES.operatorStripeDifferences)
  differences(@Query({ schema: ListQuery }) query: ListQuery): Promise<Page<StripeDifference>> {
    return this.stripe.differences(query);
  }
}
