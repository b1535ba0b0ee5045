import { Controller, Inject, Param, Query, Res } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  ListQuery,
  type Explanation,
  type Invoice,
  type InvoiceWithLines,
  type LedgerAnswer,
  type Page,
} from '#contracts';
import type { FastifyReply } from 'fastify';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { InvoicesService } from './invoices.service.js';

@Controller()
export class InvoicesController {
  constructor(@Inject(InvoicesService) private readonly invoices: InvoicesService) {}

  @Route(CONTROL_ROUTES.listInvoices)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<Invoice>> {
    return this.invoices.list(tenantId, query);
  }

  @Route(CONTROL_ROUTES.getInvoice)
  get(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('invoice', IdPipe) invoice: string,
  ): Promise<InvoiceWithLines> {
    return this.invoices.get(tenantId, invoice);
  }

  @Route(CONTROL_ROUTES.invoicePdf)
  async pdf(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('invoice', IdPipe) invoice: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const document = await this.invoices.pdf(tenantId, invoice);
    reply.type('application/pdf');
    return document;
  }

  @Route(CONTROL_ROUTES.explainLine)
  explain(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('invoice', IdPipe) invoice: string,
    @Param('line', IdPipe) line: string,
  ): Promise<Explanation> {
    return this.invoices.explain(tenantId, invoice, line);
  }

  @Route(CONTROL_ROUTES.ledger)
  ledger(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<LedgerAnswer> {
    return this.invoices.ledger(tenantId, query);
  }
}
