import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { FailedLogins } from './failed-logins.js';

@Module({ controllers: [AccountsController], providers: [AccountsService, FailedLogins] })
export class AccountsModule {}
