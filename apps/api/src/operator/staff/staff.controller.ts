import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  NewStaffBody,
  OperatorLogQuery,
  PasswordAgain,
  type AddedStaff,
  type OperatorLogEntry,
  type Page,
  type StaffMember,
} from '#contracts';
import { Route } from '../../http/route.js';
import { IdPipe } from '../../http/validation.js';
import { CurrentOperator, type OperatorOrigin } from '../current-operator.js';
import { OperatorAccounts } from './operator-accounts.js';
import { StaffService } from './staff.service.js';

@Controller()
export class StaffController {
  constructor(
    @Inject(StaffService) private readonly staff: StaffService,
    @Inject(OperatorAccounts) private readonly accounts: OperatorAccounts,
  ) {}

  @Route(CONTROL_ROUTES.operatorStaff)
  list(): Promise<{ data: StaffMember[] }> {
    return this.staff.list();
  }

  @Route(CONTROL_ROUTES.operatorAddStaff)
  async add(
    @CurrentOperator() operator: OperatorOrigin,
    @Body({ schema: NewStaffBody }) { email, password }: NewStaffBody,
  ): Promise<AddedStaff> {
    await this.accounts.requirePassword(operator, password);
    return this.staff.add(operator, email);
  }

  @Route(CONTROL_ROUTES.operatorRemoveStaff)
  async remove(
    @CurrentOperator() operator: OperatorOrigin,
    @Param('operator', IdPipe) id: string,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
  ): Promise<void> {
    await this.accounts.requirePassword(operator, password);
    await this.staff.remove(operator, id);
  }

  @Route(CONTROL_ROUTES.operatorLog)
  log(
    @Query({ schema: OperatorLogQuery }) query: OperatorLogQuery,
  ): Promise<Page<OperatorLogEntry>> {
    return this.staff.log(query);
  }
}
