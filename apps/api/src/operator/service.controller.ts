import { Body, Controller, Inject } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  ForgoHourBody,
  RetryEventBody,
  RetryHourBody,
  SettleBody,
  type OperatorLimits,
  type OperatorNodes,
  type Reconciliation,
} from '#contracts';
import { Route } from '../http/route.js';
import { CurrentOperator, type OperatorOrigin } from './current-operator.js';
import { DifferencesService } from './differences.service.js';
import { NodesService } from './nodes.service.js';
import { ReconciliationService } from './reconciliation.service.js';
import { TroubleService } from './trouble.service.js';

/** How the service as a whole is. */
@Controller()
export class ServiceController {
  constructor(
    @Inject(NodesService) private readonly servers: NodesService,
    @Inject(TroubleService) private readonly trouble: TroubleService,
    @Inject(ReconciliationService) private readonly books: ReconciliationService,
    @Inject(DifferencesService) private readonly differences: DifferencesService,
  ) {}

  @Route(CONTROL_ROUTES.operatorNodes)
  nodes(): Promise<OperatorNodes> {
    return this.servers.show();
  }

  @Route(CONTROL_ROUTES.operatorLimits)
  limits(): Promise<OperatorLimits> {
    return this.trouble.show();
  }

  @Route(CONTROL_ROUTES.operatorReconciliation)
  reconciliation(): Promise<Reconciliation> {
    return this.books.show();
  }

  @Route(CONTROL_ROUTES.operatorSettleDifference)
  settle(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: SettleBody }) { id, note }: SettleBody,
  ): Promise<void> {
    return this.differences.settle(operator, id, note);
  }

  @Route(CONTROL_ROUTES.operatorRetryHour)
  retry(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: RetryHourBody }) body: RetryHourBody,
  ): Promise<void> {
    return this.differences.retry(operator, body);
  }

  @Route(CONTROL_ROUTES.operatorForgoHour)
  forgo(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: ForgoHourBody }) body: ForgoHourBody,
  ): Promise<void> {
    return this.differences.forgo(operator, body);
  }

  @Route(CONTROL_ROUTES.operatorRetryEvent)
  retryEvent(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: RetryEventBody }) { id }: RetryEventBody,
  ): Promise<void> {
    return this.differences.retryEvent(operator, id);
  }
}
